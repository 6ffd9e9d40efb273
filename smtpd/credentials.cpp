#include "smtpd/credentials.hpp"

#include <algorithm>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "mail/author.hpp"
#include "mail/headers.hpp"

namespace postern::smtpd {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::array<std::string_view, 4> kAuthorFields{"From", "Sender", "Resent-From",
                                                        "Resent-Sender"};

}  // namespace

Credentials::Credentials(const std::vector<config::Credential>& known)
    : known_(known), key_(crypto::random_bytes(kKeyBytes)) {
  for (const config::Credential& credential : known_)
    digests_.push_back(digest(credential.username, credential.password.reveal()));
}

// A user name holds no NUL, so no other pair gives the same bytes.
std::string Credentials::digest(std::string_view user, std::string_view password) const {
  std::string both(user);
  both += '\0';
  both += password;
  return crypto::hmac_sha256(key_, both);
}

const config::Credential* Credentials::find(std::string_view user,
                                            std::string_view password) const {
  const std::string claim = digest(user, password);
  const config::Credential* found = nullptr;
  for (std::size_t i = 0; i < digests_.size(); ++i)
    if (crypto::equal_in_constant_time(digests_[i], claim)) found = &known_[i];
  return found;
}

bool may_send_as(const config::Credential& user, std::string_view domain) {
  return user.senders.empty() || std::ranges::find(user.senders, domain) != user.senders.end();
}

std::optional<std::string> forbidden_author(const config::Credential& user,
                                            std::string_view header) {
  if (user.senders.empty()) return std::nullopt;
  while (!header.empty() && !header.starts_with("\r\n")) {
    const auto field = mail::take_field(header);
    if (!field) break;
    const auto names = [&](std::string_view name) { return iequals(name, field->name); };
    if (std::ranges::none_of(kAuthorFields, names)) continue;
    const std::vector<std::string> domains = mail::author_domains(field->value);
    if (domains.empty()) return "";
    for (const std::string& domain : domains)
      if (!may_send_as(user, domain)) return domain;
  }
  return std::nullopt;
}

}  // namespace postern::smtpd

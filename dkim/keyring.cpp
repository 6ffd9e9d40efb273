#include "dkim/keyring.hpp"

#include <algorithm>
#include <utility>

#include "config/config.hpp"
#include "core/text.hpp"
#include "dkim/canonicalize.hpp"
#include "mail/author.hpp"
#include "mail/relaxed_body.hpp"

namespace postern::dkim {
namespace {

// Lower-case domain of the From header's (first) address; empty: none, or more than one From.
std::string from_domain(std::string_view header_block) {
  std::string domain;
  bool seen = false;
  for (const Field& field : split_fields(header_block)) {
    if (!iequals(field.name, "From")) continue;
    if (std::exchange(seen, true)) return {};
    domain = mail::author_domain(field.text.substr(field.text.find(':') + 1));
  }
  return domain;
}

bool is_within(std::string_view domain, std::string_view parent) {
  return domain == parent || (domain.size() > parent.size() && domain.ends_with(parent) &&
                              domain[domain.size() - parent.size() - 1] == '.');
}

bool is_rsa(const Signer& signer) {
  return signer.algorithm() == Algorithm::rsa_sha256;
}

std::string hash_body(const Message& message, const Content& content) {
  mail::RelaxedBodyHash hash;
  for (std::uint32_t i = 0; i < content.chunks(); ++i) {
    const auto chunk = content.chunk(i);
    hash.update(std::string_view(*chunk).substr(i == 0 ? message.header_bytes : 0));
  }
  return hash.finish();
}

}  // namespace

std::optional<std::string> complaint_of(const std::string& domain, const config::DkimKey& entry) {
  if (domain == "*") return "\"*\" is no domain to sign for; name the domain";
  if (!is_dns_name(domain)) return "the domain is not a name in DNS";
  if (!is_dns_name(entry.selector)) return "the selector is not a name in DNS";
  const auto key = PrivateKey::load(entry.key.reveal());
  if (!key) return key.error().what;
  return std::nullopt;
}

Result<Keyring> Keyring::build(const std::vector<config::Domain>& domains) {
  Keyring ring;
  for (const config::Domain& domain : domains) {
    for (const config::DkimKey& entry : domain.dkim) {
      if (const auto what = complaint_of(domain.name, entry))
        return Error{"DKIM key " + entry.selector + " of domain " + domain.name + ": " + *what};
      auto key = PrivateKey::load(entry.key.reveal());
      ring.signers_[domain.name].emplace_back(domain.name, entry.selector, std::move(*key));
    }
  }
  return ring;
}

const std::vector<Signer>* Keyring::choose(std::string_view sender_domain,
                                           std::string_view header_block) const {
  // A From of somebody else's domain is not signed with that domain's key: who may send as one
  // domain would get the other's good name.
  const std::string from = from_domain(header_block);
  if (is_within(from, sender_domain) || is_within(sender_domain, from))
    if (const auto found = signers_.find(from); found != signers_.end()) return &found->second;
  const auto found = signers_.find(sender_domain);
  return found == signers_.end() ? nullptr : &found->second;
}

std::vector<std::string> Keyring::domains_without_rsa() const {
  std::vector<std::string> domains;
  for (const auto& [domain, signers] : signers_)
    if (std::none_of(signers.begin(), signers.end(), is_rsa)) domains.push_back(domain);
  return domains;
}

std::string Keyring::signatures(const Message& message, const Content& content, Time now,
                                const Limits& limits) const {
  if (signers_.empty()) return {};
  const auto first = content.chunk(0);
  const auto header_block = std::string_view(*first).substr(0, message.header_bytes);
  const auto* signers = choose(message.sender_domain, header_block);
  if (signers == nullptr) return {};
  const SignedFields fields = choose_fields(header_block, limits.rewritten);
  const std::string body_hash =
      message.body_hash.empty() ? hash_body(message, content) : message.body_hash;
  std::string out;
  for (const Signer& signer : *signers) {
    if (limits.one_rsa && !is_rsa(signer)) continue;
    out += signer.sign(fields, body_hash, now);
    if (limits.one_rsa) break;
  }
  return out;
}

}  // namespace postern::dkim

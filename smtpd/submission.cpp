#include "smtpd/submission.hpp"

#include <algorithm>

#include "core/crypto.hpp"
#include "mail/address.hpp"

namespace postern::smtpd {
namespace {

constexpr std::size_t kDigestBytes = 16;

// Only domains compare without case (RFC 5321 section 2.4).
std::string normal(const std::string& address) {
  return address.substr(0, address.rfind('@') + 1) + mail::domain_of(address);
}

}  // namespace

std::string digest_of_submission(const Envelope& envelope, std::string_view identity,
                                 std::string_view message_id, std::string_view idempotency_key) {
  if (message_id.empty() && idempotency_key.empty()) return {};
  std::vector<std::string> recipients;
  recipients.reserve(envelope.recipients.size());
  for (const std::string& recipient : envelope.recipients) recipients.push_back(normal(recipient));
  std::sort(recipients.begin(), recipients.end());
  // A NUL is in none of them.
  std::string text(idempotency_key.empty() ? "id" : "key");
  const auto add = [&text](std::string_view part) { text.append(1, '\0').append(part); };
  add(idempotency_key.empty() ? message_id : idempotency_key);
  add(identity);
  add(normal(envelope.sender));
  for (const std::string& recipient : recipients) add(recipient);
  // The first one's way may not be what this one is promised (RFC 8689). No address is like it.
  if (envelope.options && envelope.options->require_tls) add("REQUIRETLS");
  return crypto::sha256(text).substr(0, kDigestBytes);
}

}  // namespace postern::smtpd

#pragma once
// Suppression: an address that is not to be written to, and why. Values; kept by the queue, heeded
// by delivery/ before every transport, given by operators, providers' lists and their answers.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace postern {

enum class SuppressionReason {
  bounce,       // the address was refused for good
  complaint,    // its owner called mail from us spam
  unsubscribe,  // its owner asked for no more
  manual,       // an operator's own reason
};

std::string_view to_string(SuppressionReason reason);
Result<SuppressionReason> parse_suppression_reason(std::string_view word);

struct Suppression {
  std::string address;        // in lower case as a whole: so do Mailgun and SES compare
  std::string sender_domain;  // whose mail it concerns, in lower case; empty: everybody's
  SuppressionReason reason = SuppressionReason::manual;
  std::string source;  // "operator", "import", "events", "refused" or a transport's name
  Time added_at{};
  std::optional<Time> expires_at{};  // empty: never
  std::string detail{};              // a provider's words, or an operator's
  friend bool operator==(const Suppression&, const Suppression&) = default;
};

/// Which part of a provider's own suppression list is wanted.
struct SuppressionQuery {
  std::string provider_domain;  // where the list is kept per domain
  std::string page;             // SuppressionPage::next of the page before; empty: the first one
};

/// A part of a provider's own suppression list. `sender_domain` and `source` of its entries are the
/// caller's to fill in.
struct SuppressionPage {
  std::vector<Suppression> entries;
  std::string next;         // empty: this was the last page
  bool of_account = false;  // it concerns mail of every sender domain
};

}  // namespace postern

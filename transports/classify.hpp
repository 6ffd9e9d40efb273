#pragma once
// Classification is data: a provider's rule table is tried top to bottom, by text first, status
// second; the first match speaks. Pure. `postern classify` shows what it would say.
//
// Patterns are phrases with gaps, not regular expressions: they match in time linear in the text
// whatever a provider sends, they read like the replies they stand for, and they can be constexpr.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/outcome.hpp"

namespace postern::transports {

/// A provider's answer as it came.
struct Reply {
  int status = 0;           // HTTP status or SMTP code; 0: none
  std::string text;         // body or reply text, enhanced code included
  std::string retry_after;  // Retry-After header, if any
  enum class Phase {
    none,
    connect,
    greeting,
    auth,
    mail_from,
    rcpt_to,
    data,
    content
  } phase = Phase::none;
  std::size_t recipients = 1;  // how many the answer speaks for
};

/// One row: every condition that is set must hold.
struct Rule {
  std::string_view name;               // stable, shown to operators: "mailgun.account-blocked"
  int status_from = 0, status_to = 0;  // inclusive; 0,0: any
  /// RFC 3463 code, the first in the text: "5.1.1", alternatives by "|", "x" for any number.
  std::string_view enhanced{};
  /// Phrases in the text, case and spacing ignored: "|" between alternatives, "*" for any gap. A
  /// phrase begins at the beginning of a word: "limit" is in "limits", not in "unlimited".
  std::string_view pattern{};
  /// A reply of unknown phase fits when `enhanced` or `pattern` is set, too.
  std::optional<Reply::Phase> phase{};
  Outcome::Kind kind = Outcome::Kind::deferred;
  Meaning meaning = Meaning::temporary;
  Blame blame = Blame::transport;
  FailOver fail_over = FailOver::later;
  /// retry_at = now + this when the reply names no time; 0: none, the breaker's back-off decides.
  Duration default_wait{};
  bool reads_time = false;  // the reply may name an instant or a number of seconds
  bool alert = false;
  /// When the answer speaks for several recipients it says nothing of each: the outcome is then
  /// deferred with `split` set and nobody to blame. For one recipient the row counts as it stands.
  bool split = false;
  /// The provider has the address on a list of its own: Outcome::suppressed.
  std::optional<SuppressionReason> suppressed{};
};

/// The table of a transport type ("mailgun", "smtp"); empty for an unknown one.
std::span<const Rule> rules_for(std::string_view type);

/// Without a matching row: temporary, rule "unknown". A rate limit that lasts longer than
/// `failover_after` (queue.failover_after) is a block until then.
Outcome classify(std::span<const Rule> rules, const Reply& reply, Time now,
                 Duration failover_after = std::chrono::seconds{30});

/// The instant a provider named: Retry-After (seconds or RFC 1123 date), "try again after <RFC 1123
/// or ISO-like date>", "after 120 seconds", "in 2081 seconds". Past or garbled: nullopt;
/// more than 24 h ahead, however absurd: 24 h, after which the provider is asked again.
std::optional<Time> named_time(std::string_view text, std::string_view retry_after, Time now);

/// The date that a text begins with, RFC 1123 or ISO-like, as providers write them.
std::optional<Time> read_date(std::string_view text);

}  // namespace postern::transports

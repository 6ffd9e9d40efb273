#pragma once
// Classification is data: a provider's rule table is tried top to bottom, by text first, status
// second; the first match speaks. Pure. `postern classify` shows what it would say.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/outcome.hpp"

namespace postern::transports {

/// A provider's answer as it came.
struct Reply {
  int status = 0;               // HTTP status or SMTP code; 0: none
  std::string text;             // body or reply text, enhanced code included
  std::string retry_after;      // Retry-After header, if any
  enum class Phase { none, connect, greeting, auth, mail_from, rcpt_to, data, content } phase = Phase::none;
};

/// One row: every condition that is set must hold.
struct Rule {
  std::string_view name;     // stable, shown to operators: "mailgun.account-disabled"
  int status_from = 0, status_to = 0;  // inclusive; 0,0: any
  std::string_view pattern;  // ECMAScript regex, case-insensitive, searched in text; empty: any
  std::optional<Reply::Phase> phase;
  Outcome::Kind kind = Outcome::Kind::deferred;
  Meaning meaning = Meaning::temporary;
  Blame blame = Blame::transport;
  FailOver fail_over = FailOver::later;
  Duration default_wait{};   // retry_at = now + this when the reply names no time; 0: none
  bool reads_time = false;   // the reply may name an instant or a number of seconds
  bool alert = false;
  bool split = false;
};

/// The table of a transport type ("mailgun", "smtp"); empty for an unknown one.
std::span<const Rule> rules_for(std::string_view type);

Outcome classify(std::span<const Rule> rules, const Reply& reply, Time now);

/// The instant a provider named: Retry-After (seconds or RFC 1123 date), "try again after <RFC 1123
/// or ISO-like date>", "after 120 seconds", "in 2081 seconds". Past, absurd or garbled: nullopt;
/// more than 24 h ahead: clamped to 24 h.
std::optional<Time> named_time(std::string_view text, std::string_view retry_after, Time now);

}  // namespace postern::transports

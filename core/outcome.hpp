#pragma once
// Outcome: what became of one recipient in one attempt, and who is to blame. A value made by the
// transports' rule tables; only delivery/ decides what follows from it.
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/suppression.hpp"

namespace postern {

/// What a provider's words mean; the classes of `postern classify`.
enum class Meaning {
  delivered,
  recipient,      // this address is refused
  message,        // this message is refused
  temporary,      // try again
  rate_limited,   // try again at retry_at
  blocked,        // the provider will not send for us, until retry_at
  configuration,  // our settings or the account are wrong: nothing will pass until mended
  uncertain,      // it may or may not have been taken
};

/// The rule of an outcome that says: nothing was tried after all; due as before.
inline constexpr std::string_view kCalledOff = "called-off";

enum class Blame { none, recipient, message, sender_domain, transport };

/// Whether the delivery may leave this transport in the same attempt cycle.
enum class FailOver {
  never,  // another transport would say the same
  later,  // once the failures are older than queue.failover_after
  now,    // at once
  once,   // at once, but final when one more transport has said the same
};

/// Who tells a sender who wants to hear of success (RFC 3461 section 5.2): for `delivered`.
enum class Onward {
  relayed,  // we: beyond this hop nobody will
  tells,    // the next hop: it took the request over
  arrived,  // we: there is no next hop
};

struct Outcome {
  enum class Kind { delivered, deferred, rejected, uncertain };

  Kind kind = Kind::deferred;
  Meaning meaning = Meaning::temporary;
  Blame blame = Blame::transport;
  FailOver fail_over = FailOver::later;
  std::string reply;             // the peer's words (or ours, of a socket's error); one line
  std::string provider_id;       // the provider's id for the message, where it gave one
  std::optional<Time> retry_at;  // the instant the provider named; already clamped
  std::string rule;              // which rule of the table spoke
  bool alert = false;            // an operator should hear of it
  bool split = false;            // the call named several recipients; try them singly
  bool left_out = false;         // the call had no room for this one: another call, at once
  Onward onward = Onward::relayed;
  /// Refused because the provider has the address on a suppression list of its own, for this.
  std::optional<SuppressionReason> suppressed{};

  static Outcome delivered(std::string reply, std::string provider_id = {});
  /// Nothing reached the provider: DNS, connect, TLS. Blames the transport; fails over at once.
  static Outcome unreachable(std::string why);
  /// Nothing is wrong with provider or message: our own store, keys or stopping are in the way.
  static Outcome not_sent(std::string why);
  /// The content was (partly) sent and the answer is unknown.
  static Outcome uncertain(std::string why);
};

std::string_view to_string(Meaning meaning);
std::string_view to_string(Blame blame);
std::string_view to_string(Outcome::Kind kind);

}  // namespace postern

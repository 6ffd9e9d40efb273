#pragma once
// What a client asked for besides delivery, in the parameters of MAIL and RCPT. Values; parsed by
// mail/parameters, kept by the queue, heeded by delivery/ and passed on by transports that can.
// Most mail asks for nothing: its Envelope has no Options.
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"

namespace postern {

/// Of what the sender wants to hear (RFC 3461 section 4.1); of nothing: NOTIFY=NEVER.
struct Notify {
  bool success = false;
  bool failure = false;
  bool delay = false;
  bool is_never() const { return !success && !failure && !delay; }
  friend bool operator==(const Notify&, const Notify&) = default;
};

struct RecipientOptions {
  std::optional<Notify> notify{};    // empty: the client did not say
  std::string original_recipient{};  // ORCPT as given, "rfc822;bob@example.org" in xtext
  friend bool operator==(const RecipientOptions&, const RecipientOptions&) = default;
};

/// RFC 2852: a time for the message to have arrived.
struct DeliverBy {
  Time at{};
  bool or_return = false;  // by-mode R: later it is not to arrive at all; N: the sender is told
  bool trace = false;      // by-trace T: tell of a hand-over to where the time means nothing
  friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

struct Options {
  /// How much of the message a failure report gives back (RFC 3461 section 4.3).
  enum class Return { headers, full };

  std::string envelope_id{};  // ENVID as given, in xtext (RFC 3461 section 4.4)
  std::optional<Return> ret{};
  bool require_tls = false;  // RFC 8689
  std::optional<DeliverBy> deliver_by{};
  std::optional<Time> hold_until{};            // RFC 4865
  std::vector<RecipientOptions> recipients{};  // by recipient; may end early: nothing was asked
  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace postern

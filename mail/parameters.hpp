#pragma once
// The ESMTP parameters of MAIL and RCPT, as two tables: a keyword and what reads its value. Used by
// mail/command. Strict: what the RFC's grammar does not have is a fault, and so is a second time.
// Pure; views point into the command.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/options.hpp"
#include "core/result.hpp"

namespace postern::mail {

enum class CommandFault {
  syntax,   // not "FROM:<...>" or "TO:<...>", or junk after the path
  address,  // the path is not one
  address_too_long,
  open_quote,    // a quoted string that does not end
  no_recipient,  // RCPT TO:<>
  size,          // SIZE is empty, not a number, or there twice (RFC 1870)
  parameter,     // an unknown ESMTP parameter
  repeated,      // a known one for the second time
  value,         // a known one whose value is not in its grammar
};

/// BY=by-time;by-mode[by-trace] (RFC 2852 section 4). `within` may be past for mode N.
struct DeliverWithin {
  std::chrono::seconds within{};
  bool or_return = false;
  bool trace = false;
};

struct MailParameters {
  std::optional<std::uint64_t> size_bytes;  // RFC 1870; the largest value where it does not fit
  bool eight_bit_mime = false;              // RFC 6152
  bool smtputf8 = false;                    // RFC 6531
  std::optional<Options::Return> ret;       // RFC 3461
  std::string_view envelope_id;             // RFC 3461, in xtext; empty: none
  bool require_tls = false;                 // RFC 8689
  std::optional<int> priority;              // RFC 6710: -9 to 9
  std::optional<DeliverWithin> deliver_within;
  std::optional<std::chrono::seconds> hold_for;  // RFC 4865, one of the two
  std::optional<Time> hold_until;
};

struct RcptParameters {
  std::optional<Notify> notify;           // RFC 3461
  std::string_view original_recipient{};  // RFC 3461, RFC 6533; empty: none
};

/// What follows the path. AUTH= (RFC 4954 section 5) is checked and dropped: we trust nobody's
/// word.
std::optional<CommandFault> parse_parameters(std::string_view text, MailParameters& parameters);
/// `smtputf8`: MAIL asked for it.
std::optional<CommandFault> parse_parameters(std::string_view text, bool smtputf8,
                                             RcptParameters& parameters);

}  // namespace postern::mail

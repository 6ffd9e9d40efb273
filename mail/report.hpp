#pragma once
// A delivery report as a message: multipart/report with the words for a person, the fields for a
// program and the header (or all) of what it is about (RFC 3464, RFC 6522; with UTF-8 addresses
// RFC 6533). Used by delivery/bounce. Pure text assembly: the same values give the same bytes.
//
// Everything in it belongs to the sender's own domain: our node, the way the mail went and other
// products cannot be read from it.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"

namespace postern::mail {

/// What a report tells (RFC 3464 section 2.3.3).
enum class Action {
  failed,     // given up
  delayed,    // not yet; it goes on
  relayed,    // handed over to where nobody confirms delivery
  delivered,  // it has arrived
};

std::string to_string(Action action);

struct ReportedRecipient {
  std::string address;
  std::string original;               // ORCPT as it was given (RFC 3461 section 4.2); empty: none
  std::string status;                 // RFC 3463
  std::string diagnostic;             // the provider's words; empty: none
  bool expired = false;               // given up for its age, not for a refusal
  bool attempted = true;              // some provider was asked at all
  std::optional<Time> retry_until{};  // delayed: when it is given up
};

struct DeliveryReport {
  Action action = Action::failed;
  std::string sender;         // who gets the report
  std::string domain;         // the sender's: From and Message-ID are in it
  std::string reporting_mta;  // the EHLO name towards the world
  std::string id;             // unique, [0-9A-Z]
  Time now{};
  Time arrived{};                 // the original
  std::string original_id;        // its Message-ID with angle brackets; empty: unknown
  std::string envelope_id;        // ENVID as it was given; empty: none
  std::string_view header_block;  // of the original
  std::string_view content;       // all of the original, when it is to be given back
  std::vector<ReportedRecipient> recipients;
  std::size_t unlisted = 0;  // further recipients that are only counted
  bool smtputf8 = false;     // the original came with SMTPUTF8: its sender reads RFC 6533
};

/// The report's bytes and what the envelope must say about them.
struct RenderedReport {
  std::string message_id;  // with angle brackets
  std::string bytes;       // CRLF lines
  std::size_t header_bytes = 0;
  bool smtputf8 = false;        // UTF-8 in addresses or header: RFC 6531 is needed
  bool eight_bit_mime = false;  // bytes above 127 in the body
};

RenderedReport render(const DeliveryReport& report);

}  // namespace postern::mail

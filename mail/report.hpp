#pragma once
// The failure report as a message: multipart/report with the words for a person, the fields for a
// program and the header of what was not delivered (RFC 3464, RFC 6522; with UTF-8 addresses
// RFC 6533). Used by delivery/bounce. Pure text assembly: the same values give the same bytes.
//
// Everything in it belongs to the sender's own domain: our node, the way the mail went and other
// products cannot be read from it.
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"

namespace postern::mail {

struct ReportedRecipient {
  std::string address;
  std::string status;      // RFC 3463
  std::string diagnostic;  // the provider's words; empty: none
  bool expired = false;    // given up for its age, not for a refusal
  bool attempted = true;   // some provider was asked at all
};

struct FailureReport {
  std::string sender;         // who gets the report
  std::string domain;         // the sender's: From and Message-ID are in it
  std::string reporting_mta;  // the EHLO name towards the world
  std::string id;             // unique, [0-9A-Z]
  Time now{};
  Time arrived{};                 // the original
  std::string original_id;        // its Message-ID with angle brackets; empty: unknown
  std::string_view header_block;  // of the original
  std::vector<ReportedRecipient> recipients;
  std::size_t unlisted = 0;  // further failed recipients that are only counted
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

RenderedReport render(const FailureReport& report);

}  // namespace postern::mail

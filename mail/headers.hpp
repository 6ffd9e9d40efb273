#pragma once
// The header block, byte-preserving (RFC 5322 sections 2.2 and 3.6): where it ends, what is in it
// that we must know, what does not belong there. Used by smtpd while receiving. Nothing is ever
// re-serialised: an edited header is the received bytes less whole fields. Linear, no recursion.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace postern::mail {

constexpr std::size_t kMaxHeaderBytes = 128 * 1024;
constexpr std::size_t kMaxHeaderFields = 1000;
constexpr std::size_t kMaxReceived = 50;  // RFC 5321 section 6.3: more is a loop

enum class HeaderFault {
  name,          // a line that is no field: a space or 8-bit byte in the name, or no colon
  leading_fold,  // the first line is a continuation of nothing
  too_many,
  no_from,
  several_from,
  loop,
};

[[noreturn]] void throw_exception_from_error(HeaderFault fault, const boost::source_location&);

/// One field as it stands; views into the header block.
struct HeaderField {
  std::string_view name;
  std::string_view value;  // after the colon, folds included, without the last CRLF
  std::string_view raw;    // the whole of it
};

/// Of mail with Precedence: bulk, list or junk, or with List-Unsubscribe: "non-urgent" of RFC 6710,
/// appendix B.
constexpr int kBulkPriority = -4;

/// What a submission server must know of a header block.
struct HeaderFacts {
  std::string_view message_id;  // with angle brackets; empty: none that is well-formed
  bool has_message_id = false;  // a field that is not empty, well-formed or not
  std::string from_domain;      // lower case; empty: the From header names no domain
  bool has_date = false;
  std::size_t received = 0;          // Received fields
  std::string_view idempotency_key;  // X-Postern-Idempotency-Key; empty: none
  int priority = 0;  // MT-Priority (RFC 6758); what is not -9 to 9 is 0; without it kBulkPriority
                     // for what its sender calls bulk
  /// Fields that must not leave: Bcc, Return-Path, X-Mailgun-*, an empty Message-ID, our own.
  std::vector<std::string_view> removed;
};

/// Position after the empty line that ends the header block; nullopt: not in `text` yet. `from`:
/// what was searched before, so that a growing text is searched once.
std::optional<std::size_t> find_header_end(std::string_view text, std::size_t from = 0);

/// Takes the first field from the front of `header`. Error: it does not start with a field.
boost::system::result<HeaderField, HeaderFault> take_field(std::string_view& header);

/// `header`: with or without the empty line.
boost::system::result<HeaderFacts, HeaderFault> inspect_header(std::string_view header);

/// Appends `header` to `out`, less the fields in `facts.removed`.
void append_kept_fields(std::string& out, std::string_view header, const HeaderFacts& facts);

}  // namespace postern::mail

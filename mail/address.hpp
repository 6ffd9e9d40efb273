#pragma once
// Envelope addresses: the path grammar of RFC 5321 section 4.1.2 with UTF-8 (RFC 6531 section 3.3).
// Used by the command grammar and for the domain of a From header. Pure and linear; views point
// into the text given. Local parts are opaque: no percent or bang routing, no comments, no
// decoding.
#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace postern::mail {

constexpr std::size_t kMaxLocalPartBytes = 64;  // RFC 5321 section 4.5.3.1.1
constexpr std::size_t kMaxDomainBytes = 255;    // section 4.5.3.1.2
constexpr std::size_t kMaxPathBytes = 256;      // section 4.5.3.1.3, brackets and route included

enum class AddressFault {
  syntax,
  too_long,    // one of the three limits
  open_quote,  // a quoted string that does not end: its sender and we disagree where commands end
};

[[noreturn]] void throw_exception_from_error(AddressFault fault, const boost::source_location&);

template <class T>
using AddressResult = boost::system::result<T, AddressFault>;

/// A reverse or forward path.
struct Path {
  std::string_view address;  // local-part@domain; empty: <>; without '@' only for <Postmaster>
  std::size_t length = 0;    // of the whole path in the text, brackets included
  bool is_literal = false;   // the domain is an address literal: [192.0.2.1]
  bool is_utf8 = false;      // holds non-ASCII characters
};

/// The path at the start of `text`. A source route is checked and dropped (RFC 5321 appendix C).
AddressResult<Path> parse_path(std::string_view text);

/// local-part@domain that fills the whole of `text`.
AddressResult<Path> parse_address(std::string_view text);

/// A domain name of section 4.1.2 that fills the whole of `text`.
bool is_domain(std::string_view text);

/// What follows the last '@', ASCII letters in lower case; empty for <> and Postmaster.
std::string domain_of(std::string_view address);

}  // namespace postern::mail

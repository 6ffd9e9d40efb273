#pragma once
// Header canonicalisation of RFC 6376 section 3.4. Used by signer and verifier; relaxed bodies are
// hashed by mail/relaxed_body while they stream. Pure; never fails: odd bytes are passed on.
#include <string>
#include <string_view>
#include <vector>

namespace postern::dkim {

/// One header field as it stands in the message.
struct Field {
  std::string_view name;  // without white space before the colon
  std::string_view text;  // the whole field, name, folds and final CRLF included
};

/// The fields of a header block, top to bottom, up to the empty line or the end. Lines that are no
/// field (no colon) are left out.
std::vector<Field> split_fields(std::string_view header_block);

/// Section 3.4.2: lower-case name, unfolded, white space runs become one space, none around the
/// colon or at the end. The final CRLF is kept if `field` has one.
std::string relaxed(std::string_view field);

/// Section 3.4.3: the body with exactly one CRLF at its end; an empty body becomes a CRLF.
std::string simple_body(std::string_view body);

}  // namespace postern::dkim

#pragma once
// xtext (RFC 3461 section 4): how ENVID and ORCPT carry bytes that are no part of a command line,
// and the two forms of an original recipient that is not ASCII (RFC 6533 section 3). Pure.
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

/// The bytes that `text` stands for; nullopt: not xtext.
std::optional<std::string> from_xtext(std::string_view text);

/// ENVID: xtext of at most 100 characters that stands for visible ASCII (RFC 3461 section 4.4).
bool is_envelope_id(std::string_view text);

/// ORCPT: a type, ";" and an address in xtext, at most 500 characters (RFC 3461 section 4.2). With
/// `smtputf8` an address of type utf-8 may stand as UTF-8 (RFC 6533 section 3).
bool is_original_recipient(std::string_view text, bool smtputf8);

/// What a report says for an ORCPT: the type and the decoded address, "rfc822; bob@example.org".
/// Non-ASCII characters stay only with `utf8`, else each is "\x{HEX}" (RFC 6533 section 3).
std::string to_original_recipient_field(std::string_view orcpt, bool utf8);

}  // namespace postern::mail

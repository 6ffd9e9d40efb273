#pragma once
// Message identifiers that tie a conversation together (RFC 5322 section 3.6.4), where a provider
// replaces ours on the way out: the original is put into References, so that an answer names it;
// and in an answer the provider's identifiers are turned back into ours. Used by transports on the
// way out and by who takes inbound mail. Nothing else of a header block is touched. Pure, linear.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

/// `header` with `message_id` (angle brackets included) as the last of its References; a field is
/// added at the end of the block where there is none, with what In-Reply-To names before it
/// (RFC 5322). Unchanged when it is there already, or is no identifier. `header`: CRLF lines, with
/// or without the empty line.
std::string add_reference(std::string_view header, std::string_view message_id);

/// The identifier to stand instead of `id`; both with angle brackets. nullopt: it stays.
using OriginalOf = std::function<std::optional<std::string>(std::string_view id)>;

/// `header` with the identifiers in In-Reply-To and References replaced. An identifier that is
/// folded within is asked for unfolded. A line that would become longer than 998 bytes is folded
/// before the identifier; what `original_of` answers that is no identifier of up to 900 bytes of
/// printable ASCII in angle brackets is not believed.
std::string restore_references(std::string_view header, const OriginalOf& original_of);

}  // namespace postern::mail

#pragma once
// The names a message goes by outside: its Message-ID, and what providers call it. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::queue {

class Reader;

/// Without blanks around it and without angle brackets.
std::string_view bare_id(std::string_view id);

/// What `id` may stand for, bare: itself, and the id of Amazon SES in a Message-ID that SES made of
/// it, <ID@REGION.amazonses.com> (us-east-1: @email.amazonses.com).
std::vector<std::string> id_forms(std::string_view id);

/// Of a bare id; the same for ever, for it is stored.
std::int64_t id_hash(std::string_view bare);

/// Our Message-ID of the message that a provider has sent under `id`, both with angle brackets;
/// nullopt: it is none of ours, or ours itself. For mail::restore_references. Throws on a broken
/// store.
std::optional<std::string> original_message_id(Reader& reader, std::string_view id);

}  // namespace postern::queue

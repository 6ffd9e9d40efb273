#pragma once
// Members of the API's JSON as text for a terminal: whatever came over a wire is escaped, what is
// absent is "-". And columns of such text. Pure.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace postern::cli {

using Json = nlohmann::ordered_json;

/// Null and absent are "-"; longer text is cut with "...".
std::string cell(const Json& object, const char* name, std::size_t limit_bytes = 1000);
/// A string member as it is, not escaped; empty when there is none.
std::string text_of(const Json& object, const char* name);
/// A member that is an array; an empty one when there is none.
const Json& list_of(const Json& object, const char* name);
/// Of a delivery, attempt: the recipient or, on the webhook channel, the target.
std::string recipient_of(const Json& object);
/// Nothing more will be done about this delivery.
bool is_finished(const Json& delivery);

/// Filled up with spaces to `width` code points.
std::string padded(const std::string& text, std::size_t width);
std::string right(const std::string& text, std::size_t width);
/// "1 delivery", "2 deliveries": `noun` and its plural.
std::string plural(std::uint64_t count, const std::string& noun, const std::string& nouns);
/// Columns as wide as their widest cell, two spaces between; the last one ragged.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace postern::cli

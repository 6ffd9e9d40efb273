#pragma once
// How mistakes are worded: what the operator wrote, in quotes, and the known word that he may have
// meant. Pure.
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace postern::config {

/// In double quotes, escaped, cut to a line's length.
std::string quote(std::string_view text);

/// ` (did you mean "..."?)`
std::string did_you_mean(std::string_view text);

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The closest of the known words, when it is close enough to be meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

/// did_you_mean() of the nearest word, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> known);

}  // namespace postern::config

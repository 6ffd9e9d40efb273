#pragma once
// Small pure functions on ASCII text; locale never plays a part.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);
/// Position of `needle` in `text` without regard to case, or npos.
std::size_t ifind(std::string_view text, std::string_view needle);
/// Without leading and trailing space, tab, CR and LF.
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
/// A decimal number that fills the whole of `text`; no sign, no space; nullopt on overflow.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// Well-formed UTF-8 (RFC 3629) without C1 control characters.
bool is_utf8(std::string_view text);

/// One line fit for a log, a terminal or a report: control characters, DEL and bytes that are not
/// UTF-8 become \xNN, the backslash doubles; cut to `limit_bytes` with "...".
std::string escape(std::string_view wire_text, std::size_t limit_bytes = 1000);

}  // namespace postern

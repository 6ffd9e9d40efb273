#pragma once
// The tag=value lists of DKIM (RFC 6376 section 3.2): a signature's and a key record's. Pure.
#include <map>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace postern::dkim {

/// Values without surrounding white space; folds inside are kept. Names are case-sensitive.
using Tags = std::map<std::string, std::string, std::less<>>;

/// Error: a tag without "=" or name, or one given twice (the whole list is then invalid).
Result<Tags> parse_tags(std::string_view list);

/// A tag's value, or `otherwise` where it is absent.
std::string_view tag(const Tags& tags, std::string_view name, std::string_view otherwise = {});

/// Base64 in a tag may be folded anywhere (section 2.3, FWS).
std::string without_space(std::string_view text);

}  // namespace postern::dkim

#pragma once
// What the rules make of a reply, as JSON: the answer of `postern classify` and of the admin API.
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace postern::transports {

/// {"meaning","scope","retry_at","rule","kind","fail_over","alert","reply"}; scope is the
/// blame, retry_at RFC 3339 or null. `status` 0: taken from the text when it begins with one ("550
/// 5.1.1 ..."). Error: the type has no rules.
Result<std::string> classify_json(std::string_view type, std::string_view text, int status,
                                  Time now);

}  // namespace postern::transports

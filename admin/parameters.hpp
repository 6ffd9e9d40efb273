#pragma once
// The query part of a request, taken apart strictly: what is not taken by name is a mistake, so
// that a mistyped filter never widens what a verb does. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "queue/store.hpp"

namespace postern::admin {

class Parameters {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  explicit Parameters(Pairs pairs = {}) : pairs_(std::move(pairs)) {}

  /// The value of that name, which is thereby used up; nullopt: not given. Error: given empty or
  /// twice.
  Result<std::optional<std::string>> take(std::string_view name);
  /// Error: the first one nobody took.
  Result<void> none_left() const;

 private:
  Pairs pairs_;
};

/// A path in its parts: `words` as sent (for the route table, which is exact), `segments` decoded.
struct Target {
  std::vector<std::string> words;
  std::vector<std::string> segments;
  Parameters parameters;
};

/// RFC 3986 origin form: /path?query. Error: it is none.
Result<Target> parse_target(std::string_view target);

/// sender-domain, recipient, recipient-domain, transport, state, older-than, channel; takes them.
Result<queue::Filter> take_filter(Parameters& parameters, Time now);
bool is_empty(const queue::Filter& filter);

/// A number from 1 to `maximum`, or the default when not given.
Result<std::uint32_t> take_limit(Parameters& parameters, std::uint32_t usual,
                                 std::uint32_t maximum);

}  // namespace postern::admin

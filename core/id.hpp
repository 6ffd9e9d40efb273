#pragma once
// Message numbers and their public names.
//
// A MessageNo is 51 bits: milliseconds since 2024 (41 bits) and a counter (10 bits), so numbers
// sort by arrival and the store needs no further index for "oldest first". The public id is 16
// characters of Crockford's base 32: 11 for the number, 5 that check it, so that a mistyped id is
// refused and a neighbour's id cannot be guessed. Nothing of node or product is in it.
#include <atomic>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace postern {

enum class MessageNo : std::int64_t {};

constexpr std::int64_t to_int(MessageNo no) {
  return static_cast<std::int64_t>(no);
}

/// 16 characters [0-9A-Z].
std::string to_id(MessageNo no);
/// The number behind an id; upper or lower case. Error: not an id of ours.
Result<MessageNo> parse_id(std::string_view id);
/// When the number was drawn, exact to the millisecond unless the counter ran ahead.
Time accepted_time(MessageNo no);
/// The smallest number of that instant: bounds for "older than".
MessageNo first_number_of(Time time);

/// Draws strictly rising numbers, also when the clock steps back. Thread-safe, lock-free.
class NumberSource {
 public:
  /// `last`: the highest number in the store.
  explicit NumberSource(MessageNo last = MessageNo{0}) : last_(to_int(last)) {}
  MessageNo next(Time now);
  void raise_to(MessageNo last);

 private:
  std::atomic<std::int64_t> last_;
};

}  // namespace postern

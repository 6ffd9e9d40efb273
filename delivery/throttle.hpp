#pragma once
// How much may go through one transport at once and per second, and pauses that a provider asked
// for. Used by Ways under its lock. Pure: time is an argument and never runs backwards.
#include <cstdint>

#include "core/clock.hpp"

namespace postern::delivery {

class Throttle {
 public:
  /// `places`: calls under way or committed ahead; `per_second` 0: unlimited.
  Throttle(std::uint32_t places, double per_second, Time now);

  /// Keeps what is under way and the pause; a reload may change the limits.
  void limit(std::uint32_t places, double per_second);

  bool has_place() const { return in_use_ < places_; }
  /// A place, a token of the rate, and no pause.
  bool is_ready(Time now);
  /// Only after is_ready(); release() gives the place back, never the token.
  void acquire();
  /// So many more tokens for what acquire() began; they may lead into debt.
  void charge(std::size_t tokens);
  void release();
  /// Nothing starts before `until`; a shorter pause never cuts a longer one.
  void pause(Time until);
  /// When time alone makes it ready (places apart); `now` when nothing is in the way.
  Time ready_at(Time now);

  Time paused_until() const { return paused_until_; }

 private:
  void refill(Time now);

  std::uint32_t places_;
  std::uint32_t in_use_ = 0;
  double per_second_;
  double tokens_;
  Time refilled_at_;
  Time paused_until_{};
};

}  // namespace postern::delivery

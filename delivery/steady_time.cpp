#include "delivery/steady_time.hpp"

#include <algorithm>

namespace postern::delivery {

SteadyTime::SteadyTime(const Clock& clock)
    : clock_(clock), last_tick_(clock.tick()), now_(clock.now()) {}

Time SteadyTime::now() {
  const std::lock_guard lock(mutex_);
  const Tick tick = clock_.tick();
  const auto passed = std::max(tick - last_tick_, Tick::duration::zero());
  last_tick_ = std::max(last_tick_, tick);
  now_ += passed;
  const auto wall = std::chrono::sys_time<std::chrono::nanoseconds>(clock_.now());
  now_ += std::clamp<std::chrono::nanoseconds>(wall - now_, -passed / 100, passed / 100);
  return std::chrono::floor<std::chrono::milliseconds>(now_);
}

}  // namespace postern::delivery

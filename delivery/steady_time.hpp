#pragma once
// Wall-clock time that never jumps: it starts at the wall clock's time and then follows the
// monotonic clock. Delivery schedules by it, so that a clock set forward or back causes neither a
// storm of retries nor early expiry. Small differences (NTP) are followed at 1 % of the elapsed
// time; large ones are absorbed the same way, however long that takes. Thread-safe.
#include <mutex>

#include "core/clock.hpp"

namespace postern::delivery {

class SteadyTime {
 public:
  explicit SteadyTime(const Clock& clock);
  Time now();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  Tick last_tick_;
  std::chrono::sys_time<std::chrono::nanoseconds> now_;
};

}  // namespace postern::delivery

#pragma once
// Time as an argument. Wall-clock time (Time) is for people, records and schedules in the store;
// Tick is monotonic and measures waits and durations inside one process.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Tick = std::chrono::steady_clock::time_point;

/// Where the time comes from; tests hand in their own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Tick tick() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
  Tick tick() const override { return std::chrono::steady_clock::now(); }
};

/// RFC 3339 in UTC with milliseconds: 2026-11-21T09:13:07.123Z.
std::string to_rfc3339(Time time);
/// RFC 3339 section 5.6, in UTC ("Z") or with an offset; fractions of a second are cut off.
std::optional<Time> parse_rfc3339(std::string_view text);

/// RFC 5322 section 3.3 date-time in UTC: Sat, 21 Nov 2026 09:13:07 +0000.
std::string to_rfc5322(Time time);

}  // namespace postern

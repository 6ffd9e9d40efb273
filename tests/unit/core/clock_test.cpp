#include "core/clock.hpp"

#include <gtest/gtest.h>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr Time at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) /
                               static_cast<int>(day)};
}

TEST(Rfc3339, IsUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(at(2026, 11, 21) + 9h + 13min + 7123ms), "2026-11-21T09:13:07.123Z");
  EXPECT_EQ(to_rfc3339(Time{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(at(2024, 2, 29) + 86'399'999ms), "2024-02-29T23:59:59.999Z");
}

TEST(Rfc3339, CountsBackwardsFromTheEpoch) {
  EXPECT_EQ(to_rfc3339(Time{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc5322, NamesDayAndMonthInEnglish) {
  EXPECT_EQ(to_rfc5322(at(2026, 11, 21) + 9h + 13min + 7123ms), "Sat, 21 Nov 2026 09:13:07 +0000");
  EXPECT_EQ(to_rfc5322(at(2024, 2, 29)), "Thu, 29 Feb 2024 00:00:00 +0000");
}

TEST(Rfc5322, DoesNotPadTheDayToTwoDigits) {
  EXPECT_EQ(to_rfc5322(at(2026, 1, 4) + 23h), "Sun, 4 Jan 2026 23:00:00 +0000");
}

TEST(Rfc3339, IsReadWithAnyOffset) {
  const Time time = at(2026, 11, 21) + 9h + 13min + 7s;
  for (const char* text :
       {"2026-11-21T09:13:07Z", "2026-11-21t09:13:07z", "2026-11-21T09:13:07.999Z",
        "2026-11-21T11:43:07+02:30", "2026-11-20T23:13:07-10:00"})
    EXPECT_EQ(parse_rfc3339(text), time) << text;
  EXPECT_EQ(parse_rfc3339(to_rfc3339(time)), time);
}

TEST(Rfc3339, OfAnotherShapeIsNone) {
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T09:13:07", "2026-11-21 09:13:07Z", "2026-13-21T09:13:07Z",
        "2026-02-29T09:13:07Z", "2026-11-21T24:13:07Z", "2026-11-21T09:60:07Z",
        "2026-11-21T09:13:61Z", "2026-11-21T09:13:07.Z", "2026-11-21T09:13:07+0230",
        "2026-11-21T09:13:07+24:00", "2026-11-21T09:13:07Zx", "+026-11-21T09:13:07Z"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(SystemClock, GoesOn) {
  const SystemClock clock;
  const Tick before = clock.tick();
  EXPECT_GE(clock.tick(), before);
  EXPECT_GT(clock.now(), at(2024, 1, 1));
}

}  // namespace
}  // namespace postern

#include "delivery/steady_time.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

/// A machine whose wall clock somebody may set.
class TwoClocks final : public Clock {
 public:
  Time now() const override { return wall; }
  Tick tick() const override { return ticks; }
  void pass(Duration time) {
    wall += time;
    ticks += time;
  }
  Time wall{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  Tick ticks{};
};

TEST(SteadyTime, FollowsTheClocks) {
  TwoClocks clocks;
  SteadyTime time(clocks);
  clocks.pass(90s);
  EXPECT_EQ(time.now(), clocks.wall);
}

TEST(SteadyTime, ClockSetForwardTenYearsExpiresNothing) {
  TwoClocks clocks;
  SteadyTime time(clocks);
  const Time before = time.now();
  clocks.wall += 87'600h;
  clocks.pass(1h);
  EXPECT_LE(time.now() - before, 61min);
}

TEST(SteadyTime, ClockSetBackNeverRunsBackwards) {
  TwoClocks clocks;
  SteadyTime time(clocks);
  const Time before = time.now();
  clocks.wall -= 1h;
  EXPECT_EQ(time.now(), before);
  clocks.pass(1h);
  EXPECT_GE(time.now() - before, 59min);
}

TEST(SteadyTime, SmallCorrectionsAreFollowed) {
  TwoClocks clocks;
  SteadyTime time(clocks);
  clocks.wall += 500ms;
  clocks.pass(60s);
  EXPECT_EQ(time.now(), clocks.wall);
}

}  // namespace
}  // namespace postern::delivery

#include "delivery/throttle.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

const Time kStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

int starts_within(Throttle& throttle, Time from, Duration span, Duration step) {
  int started = 0;
  for (Time now = from; now < from + span; now += step)
    while (throttle.is_ready(now)) {
      throttle.acquire();
      throttle.release();
      ++started;
    }
  return started;
}

TEST(Throttle, PlacesLimitWhatIsUnderWay) {
  Throttle throttle(2, 0, kStart);
  EXPECT_TRUE(throttle.is_ready(kStart));
  throttle.acquire();
  throttle.acquire();
  EXPECT_FALSE(throttle.is_ready(kStart));
  throttle.release();
  EXPECT_TRUE(throttle.is_ready(kStart));
}

TEST(Throttle, RateHoldsOverTime) {
  Throttle throttle(100, 50, kStart);
  const int started = starts_within(throttle, kStart, 10s, 1ms);
  EXPECT_GE(started, 499);
  EXPECT_LE(started, 506);
}

TEST(Throttle, SlowRateHoldsToo) {
  Throttle throttle(100, 0.5, kStart);
  EXPECT_EQ(starts_within(throttle, kStart, 10s, 10ms), 5);
}

TEST(Throttle, IdleTimeIsNotSavedForABurst) {
  Throttle throttle(100, 50, kStart);
  EXPECT_LE(starts_within(throttle, kStart + 1h, 1ms, 1ms), 5);
}

TEST(Throttle, NamesTheInstantOfTheNextToken) {
  Throttle throttle(10, 2, kStart);
  throttle.acquire();
  EXPECT_EQ(throttle.ready_at(kStart), kStart + 500ms);
  EXPECT_FALSE(throttle.is_ready(kStart + 499ms));
  EXPECT_TRUE(throttle.is_ready(kStart + 500ms));
}

TEST(Throttle, PauseHoldsEverythingBack) {
  Throttle throttle(10, 0, kStart);
  throttle.pause(kStart + 120s);
  throttle.pause(kStart + 10s);
  EXPECT_EQ(throttle.ready_at(kStart), kStart + 120s);
  EXPECT_FALSE(throttle.is_ready(kStart + 119s));
  EXPECT_TRUE(throttle.is_ready(kStart + 120s));
}

TEST(Throttle, ReloadKeepsWhatIsUnderWay) {
  Throttle throttle(4, 0, kStart);
  throttle.acquire();
  throttle.acquire();
  throttle.limit(2, 0);
  EXPECT_FALSE(throttle.is_ready(kStart));
  throttle.release();
  EXPECT_TRUE(throttle.is_ready(kStart));
}

TEST(Throttle, ACallForManyIsPaidForAfterwards) {
  Throttle throttle(100, 10, kStart);
  throttle.acquire();
  throttle.charge(49);
  EXPECT_EQ(throttle.ready_at(kStart), kStart + 5s) << "50 at 10 a second, one more to begin with";
  EXPECT_TRUE(throttle.is_ready(kStart + 5s));
}

TEST(Throttle, WithoutARateNothingIsCharged) {
  Throttle throttle(100, 0, kStart);
  throttle.charge(1000);
  EXPECT_TRUE(throttle.is_ready(kStart));
}

}  // namespace
}  // namespace postern::delivery

// Slow clients: who may take how long, with the hour passing in no time.
#include "smtpd/pace.hpp"

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

using namespace std::chrono_literals;

constexpr Tick kBegin{1000h};
constexpr bool kHurried = true;

Pace pace() {
  return {PaceSettings{}, kBegin};
}

TEST(Pace, AClientHasFiveMinutesForItsCommand) {
  Pace client = pace();
  EXPECT_EQ(client.deadline(false), kBegin + 300s);
  client.answered(kBegin + 200s);
  EXPECT_EQ(client.deadline(false), kBegin + 500s);
}

TEST(Pace, TenSecondsWhenOthersWait) {
  EXPECT_EQ(pace().deadline(kHurried), kBegin + 10s);
  Pace sending = pace();
  sending.content(1'000'000, kBegin + 5s);
  EXPECT_EQ(sending.deadline(kHurried), kBegin + 15s);
}

TEST(Pace, AShortIdleTimeoutIsNotMadeLongerByHurry) {
  const Pace client({.idle = 1s}, kBegin);
  EXPECT_EQ(client.deadline(kHurried), kBegin + 1s);
}

TEST(Pace, AMessageThatTricklesEndsSoonAfterItsGrace) {
  Pace client = pace();
  Tick now = kBegin;
  while (now < client.deadline(false)) {
    now += 1s;
    client.content(1, now);
  }
  EXPECT_GE(now, kBegin + 180s);
  EXPECT_LT(now, kBegin + 182s);
}

TEST(Pace, AMessageAtTheLeastRateHasItsHour) {
  Pace client = pace();
  Tick now = kBegin;
  while (now < client.deadline(false)) {
    now += 1s;
    client.content(500, now);
  }
  EXPECT_EQ(now, kBegin + 1h);
}

TEST(Pace, AStallInAFastMessageIsASilenceLikeAnyOther) {
  Pace client = pace();
  client.content(10'000'000, kBegin + 1s);
  EXPECT_EQ(client.deadline(false), kBegin + 301s);
}

TEST(Pace, EachMessageHasItsOwnGrace) {
  Pace client = pace();
  client.content(1, kBegin + 170s);
  client.answered(kBegin + 175s);
  EXPECT_EQ(client.deadline(false), kBegin + 475s);
  client.content(1, kBegin + 176s);
  EXPECT_EQ(client.deadline(false), kBegin + 355s + 2ms);
}

TEST(Pace, AnHourWithoutAMessageIsEnough) {
  Pace client = pace();
  for (auto at = 0min; at < 58min; at += 4min) client.answered(kBegin + at);
  EXPECT_EQ(client.deadline(false), kBegin + 60min);
  client.stored(kBegin + 57min);
  EXPECT_EQ(client.deadline(false), kBegin + 61min);
}

}  // namespace
}  // namespace postern::smtpd

// Guessing passwords: slower with each failure, then not at all, and never much slower for those
// who share a trusted address with somebody's wrong settings.
#include "smtpd/auth_throttle.hpp"

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin{1'795'252'387'000ms};
constexpr bool kTrusted = true;

struct Guesser {
  AuthThrottle& throttle;
  std::string address = "192.0.2.7";
  void fail(unsigned times, Time now = kBegin) {
    for (unsigned i = 0; i < times; ++i) throttle.failed(address, now);
  }
  Duration wait(Time now = kBegin) { return throttle.ask(address, false, now).wait; }
  bool locked(Time now = kBegin) { return throttle.ask(address, false, now).locked; }
};

TEST(AuthThrottle, EachFailureDoublesTheWaitUpToHalfAMinute) {
  AuthThrottle throttle;
  Guesser guesser{throttle};
  for (const Duration expected : {0s, 1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    EXPECT_EQ(guesser.wait(), expected);
    guesser.fail(1);
  }
}

TEST(AuthThrottle, LocksAnAddressOutAfterTwenty) {
  AuthThrottle throttle;
  Guesser guesser{throttle};
  guesser.fail(19);
  EXPECT_FALSE(guesser.locked());
  guesser.fail(1);
  EXPECT_TRUE(guesser.locked());
  EXPECT_TRUE(guesser.locked(kBegin + 15min));
  EXPECT_FALSE(guesser.locked(kBegin + 15min + 1ms));
  EXPECT_EQ(guesser.wait(kBegin + 15min + 1ms), 0s);
}

TEST(AuthThrottle, EveryFailureBeginsTheQuarterOfAnHourAnew) {
  AuthThrottle throttle;
  Guesser guesser{throttle};
  guesser.fail(2);
  guesser.fail(1, kBegin + 14min);
  EXPECT_EQ(guesser.wait(kBegin + 28min), 4s);
}

TEST(AuthThrottle, ATrustedAddressWaitsForLessThanItsClientsPatience) {
  AuthThrottle throttle;
  Guesser{throttle}.fail(100);
  const auto verdict = throttle.ask("192.0.2.7", kTrusted, kBegin);
  EXPECT_FALSE(verdict.locked);
  EXPECT_EQ(verdict.wait, 2s);
}

TEST(AuthThrottle, ASuccessTakesHalfBack) {
  AuthThrottle throttle;
  Guesser guesser{throttle};
  guesser.fail(5);
  throttle.succeeded("192.0.2.7");
  EXPECT_EQ(guesser.wait(), 2s);
  throttle.succeeded("192.0.2.7");
  throttle.succeeded("192.0.2.7");
  EXPECT_EQ(guesser.wait(), 0s);
}

TEST(AuthThrottle, AddressesAreCountedApartButNotThoseOfOneNetwork) {
  AuthThrottle throttle;
  Guesser{throttle, "192.0.2.7"}.fail(3);
  EXPECT_EQ((Guesser{throttle, "192.0.2.8"}.wait()), 0s);
  Guesser{throttle, "2001:db8:1:2::7"}.fail(3);
  EXPECT_EQ((Guesser{throttle, "2001:db8:1:2:ffff::8"}.wait()), 4s);
  EXPECT_EQ((Guesser{throttle, "2001:db8:1:3::7"}.wait()), 0s);
}

TEST(AuthThrottle, MemoryIsBoundedAndTheQuietestGoFirst) {
  AuthThrottle throttle;
  const auto address = [](std::size_t i) {
    return "10." + std::to_string(i >> 16 & 255) + '.' + std::to_string(i >> 8 & 255) + '.' +
           std::to_string(i & 255);
  };
  for (std::size_t i = 0; i < AuthThrottle::kMaxAddresses; ++i)
    throttle.failed(address(i), kBegin + Duration(i == 5 ? 0 : 1));
  throttle.failed("192.0.2.7", kBegin + 2ms);
  EXPECT_EQ((Guesser{throttle, "192.0.2.7"}.wait()), 1s);
  EXPECT_EQ((Guesser{throttle, address(5)}.wait()), 0s) << "the quietest";
  EXPECT_EQ((Guesser{throttle, address(6)}.wait()), 1s);
}

}  // namespace
}  // namespace postern::smtpd

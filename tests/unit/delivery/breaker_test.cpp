#include "delivery/breaker.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using State = BreakerState;

Outcome failure(Meaning meaning = Meaning::temporary, std::optional<Time> until = std::nullopt) {
  Outcome outcome;
  outcome.meaning = meaning;
  outcome.reply = "it broke";
  outcome.retry_at = until;
  return outcome;
}

struct BreakerTest : testing::Test {
  config::Breaker settings{.failures = 3, .open_for = 1min, .open_max = 15min};
  Time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  Breaker breaker;
  int message = 0;

  bool fail(const Outcome& outcome = failure()) {
    return breaker.failed(outcome, MessageNo{++message}, now, false, settings);
  }
  bool fail_canary(const Outcome& outcome = failure()) {
    breaker.send_canary();
    return breaker.failed(outcome, MessageNo{++message}, now, true, settings);
  }
  bool canary_arrives() {
    breaker.send_canary();
    return breaker.succeeded(now, true);
  }
  void open_by_count() {
    for (unsigned i = 0; i < settings.failures; ++i) fail();
  }
  void pass(Duration time) { now += time; }
  State state() const { return breaker.state(now); }
};

TEST_F(BreakerTest, OpensAfterConsecutiveTransportFailures) {
  EXPECT_FALSE(fail());
  EXPECT_FALSE(fail());
  EXPECT_EQ(state(), State::closed);
  EXPECT_TRUE(fail());
  EXPECT_EQ(state(), State::open);
  EXPECT_EQ(breaker.until(), now + 1min);
  EXPECT_EQ(breaker.reason(), "it broke");
}

TEST_F(BreakerTest, SuccessInBetweenStartsTheCountAgain) {
  fail(), fail();
  EXPECT_FALSE(breaker.succeeded(now, false));
  fail(), fail();
  EXPECT_EQ(state(), State::closed);
}

TEST_F(BreakerTest, OneMessageFailingAgainAndAgainDoesNotOpenIt) {
  for (int i = 0; i < 20; ++i)
    EXPECT_FALSE(breaker.failed(failure(), MessageNo{7}, now, false, settings));
  EXPECT_EQ(state(), State::closed);
}

TEST_F(BreakerTest, BlockOpensAtOnceUntilTheNamedInstant) {
  EXPECT_TRUE(fail(failure(Meaning::blocked, now + 2081s)));
  EXPECT_EQ(breaker.until(), now + 2081s);
  pass(2080s);
  EXPECT_EQ(state(), State::open);
  pass(1s);
  EXPECT_EQ(state(), State::half_open);
}

TEST_F(BreakerTest, ConfigurationFaultWithoutATimeOpensForTheDefault) {
  EXPECT_TRUE(fail(failure(Meaning::configuration)));
  EXPECT_EQ(breaker.until(), now + 1min);
}

TEST_F(BreakerTest, HalfOpenLetsOneCanaryGo) {
  open_by_count();
  EXPECT_FALSE(breaker.wants_canary(now));
  pass(1min);
  EXPECT_TRUE(breaker.wants_canary(now));
  breaker.send_canary();
  EXPECT_FALSE(breaker.wants_canary(now));
  EXPECT_TRUE(breaker.is_probing());
  breaker.abandon_canary();
  EXPECT_TRUE(breaker.wants_canary(now));
}

TEST_F(BreakerTest, CanaryThatArrivesCloses) {
  open_by_count();
  pass(1min);
  EXPECT_TRUE(canary_arrives());
  EXPECT_EQ(state(), State::closed);
  EXPECT_FALSE(fail()) << "the count starts again";
}

TEST_F(BreakerTest, CanaryThatFailsDoublesUpToTheMaximum) {
  open_by_count();
  for (const Duration expected :
       {Duration(2min), Duration(4min), Duration(8min), Duration(15min), Duration(15min)}) {
    now = breaker.until();
    EXPECT_TRUE(fail_canary());
    EXPECT_EQ(breaker.until() - now, expected);
  }
}

TEST_F(BreakerTest, FlappingGoesOnWithTheDoubledBackOff) {
  open_by_count();
  now = breaker.until();
  canary_arrives();
  pass(30s);
  open_by_count();
  EXPECT_EQ(breaker.until() - now, 2min) << "soon after closing: a relapse";
  now = breaker.until();
  canary_arrives();
  pass(16min);
  open_by_count();
  EXPECT_EQ(breaker.until() - now, 1min) << "long after: a new fault";
}

TEST_F(BreakerTest, StragglersFromBeforeTheOpeningChangeNothing) {
  open_by_count();
  const Time until = breaker.until();
  EXPECT_FALSE(breaker.succeeded(now, false));
  EXPECT_FALSE(fail());
  EXPECT_EQ(state(), State::open);
  EXPECT_EQ(breaker.until(), until);
}

TEST_F(BreakerTest, LaterInstantFromTheProviderCountsWhileOpen) {
  fail(failure(Meaning::blocked, now + 60s));
  EXPECT_TRUE(fail(failure(Meaning::blocked, now + 3600s)));
  EXPECT_EQ(breaker.until(), now + 3600s);
}

TEST_F(BreakerTest, OperatorSuspendsAndResumes) {
  EXPECT_TRUE(breaker.suspend(now + 2h, "maintenance"));
  EXPECT_EQ(state(), State::suspended);
  EXPECT_FALSE(fail(failure(Meaning::blocked, now + 24h))) << "the operator's word stands";
  EXPECT_EQ(breaker.until(), now + 2h);
  EXPECT_TRUE(breaker.resume(now));
  EXPECT_EQ(state(), State::closed);
  EXPECT_FALSE(breaker.resume(now)) << "nothing to save twice";
}

TEST_F(BreakerTest, SuspensionDuringTheCanarysFlightStands) {
  open_by_count();
  pass(1min);
  breaker.send_canary();
  breaker.suspend(now + 2h, "maintenance");
  EXPECT_FALSE(breaker.succeeded(now, true));
  EXPECT_EQ(state(), State::suspended);
}

TEST_F(BreakerTest, SuspensionEndsWithACanary) {
  breaker.suspend(now + 2h, "maintenance");
  pass(2h);
  EXPECT_EQ(state(), State::half_open);
  EXPECT_TRUE(canary_arrives());
  EXPECT_EQ(state(), State::closed);
}

TEST_F(BreakerTest, RetryVerbHalfOpensWhatFailuresOpened) {
  open_by_count();
  EXPECT_TRUE(breaker.half_open(now));
  EXPECT_EQ(state(), State::half_open);
}

TEST_F(BreakerTest, RetryVerbLeavesSuspensionsAndNamedInstants) {
  breaker.suspend(now + 2h, "maintenance");
  EXPECT_FALSE(breaker.half_open(now));
  breaker.resume(now);
  fail(failure(Meaning::blocked, now + 1h));
  EXPECT_FALSE(breaker.half_open(now));
  EXPECT_EQ(state(), State::open);
}

TEST_F(BreakerTest, RestartDoesNotHammer) {
  fail(failure(Meaning::blocked, now + 1h));
  const Breaker restored = Breaker::from_row(breaker.to_row("mailgun", "a.example"));
  pass(59min);
  EXPECT_EQ(restored.state(now), State::open);
  EXPECT_FALSE(restored.wants_canary(now));
  pass(1min);
  EXPECT_TRUE(restored.wants_canary(now));
}

TEST_F(BreakerTest, RowKeepsTheBackOff) {
  open_by_count();
  const queue::BreakerRow row = breaker.to_row("mailgun", "");
  EXPECT_EQ(row.state, "open");
  EXPECT_EQ(row.transport, "mailgun");
  EXPECT_EQ(row.open_for, Duration(1min));
  breaker = Breaker::from_row(row);
  now = breaker.until();
  fail_canary();
  EXPECT_EQ(breaker.until() - now, 2min);
}

}  // namespace
}  // namespace postern::delivery

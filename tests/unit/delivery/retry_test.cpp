#include "delivery/retry.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using Step = Verdict::Step;

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
constexpr double kNoJitter = 0.5;

config::Queue settings() {
  config::Queue queue;
  queue.retry = {{30s}, {2min}, {5min}, {15min, 2}, {1h, 6}, {3h, 0}};
  queue.failover_after = 30s;
  return queue;
}

/// A first attempt, fresh from the door.
Standing fresh() {
  return {.attempts = 1, .now = kNow, .expires_at = kNow + 72h};
}
Standing failing_for(Duration age, std::uint32_t attempts) {
  Standing standing = fresh();
  standing.attempts = attempts;
  standing.first_failed_at = kNow - age;
  return standing;
}

Outcome deferred(FailOver fail_over = FailOver::later) {
  Outcome outcome;
  outcome.fail_over = fail_over;
  return outcome;
}
Outcome rejected(FailOver fail_over = FailOver::never) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::rejected;
  outcome.meaning = Meaning::recipient;
  outcome.blame = Blame::recipient;
  outcome.fail_over = fail_over;
  return outcome;
}

Step step(const Outcome& outcome, const Standing& standing) {
  return judge(outcome, standing, settings(), kNoJitter).step;
}
Duration wait(const Outcome& outcome, const Standing& standing, double random = kNoJitter) {
  return judge(outcome, standing, settings(), random).at - standing.now;
}

TEST(Retry, DeliveredIsSent) {
  EXPECT_EQ(step(Outcome::delivered("ok"), fresh()), Step::sent);
}

TEST(Retry, UncertainIsAskedAbout) {
  EXPECT_EQ(step(Outcome::uncertain("reset"), fresh()), Step::ask);
}

TEST(Retry, RejectedIsFinal) {
  EXPECT_EQ(step(rejected(), fresh()), Step::failed);
}

TEST(Retry, RejectedHereTriesTheOthersFirst) {
  Standing standing = fresh();
  standing.another_way = true;
  EXPECT_EQ(step(rejected(FailOver::now), standing), Step::next_way);
  standing.another_way = false;
  EXPECT_EQ(step(rejected(FailOver::now), standing), Step::failed);
  standing.another_way_later = true;
  EXPECT_EQ(step(rejected(FailOver::now), standing), Step::await_way);
}

TEST(Retry, RefusedContentIsOfferedToOneOtherTransportThenItIsFinal) {
  Standing standing = fresh();
  standing.another_way = true;
  EXPECT_EQ(step(rejected(FailOver::once), standing), Step::next_way);
  standing.refused_in_cycle = true;
  EXPECT_EQ(step(rejected(FailOver::once), standing), Step::failed);
  standing.deferred_in_cycle = true;
  EXPECT_EQ(step(rejected(FailOver::once), standing), Step::failed);
}

TEST(Retry, RejectedHereIsNotFinalWhenAnotherOnlyDeferred) {
  Standing standing = fresh();
  standing.deferred_in_cycle = true;
  EXPECT_EQ(step(rejected(FailOver::now), standing), Step::wait);
}

TEST(Retry, RecipientsFaultNeverTriesAnotherTransport) {
  Standing standing = fresh();
  standing.another_way = true;
  EXPECT_EQ(step(rejected(FailOver::never), standing), Step::failed);
}

TEST(Retry, BlockFailsOverAtOnceWhateverTheAge) {
  Standing standing = fresh();
  standing.another_way = true;
  EXPECT_EQ(step(deferred(FailOver::now), standing), Step::next_way);
}

TEST(Retry, UnknownFailureFailsOverOnceItIsOldEnough) {
  Standing young = failing_for(20s, 2);
  young.another_way = true;
  EXPECT_EQ(step(deferred(), young), Step::wait);
  Standing old = failing_for(30s, 2);
  old.another_way = true;
  EXPECT_EQ(step(deferred(), old), Step::next_way);
}

TEST(Retry, FirstRetryCountsAsThirtySecondsDespiteJitter) {
  Standing standing = failing_for(27s, 2);
  standing.another_way = true;
  EXPECT_EQ(step(deferred(), standing), Step::next_way);
}

TEST(Retry, NeverMeansNever) {
  Standing standing = failing_for(24h, 9);
  standing.another_way = true;
  EXPECT_EQ(step(deferred(FailOver::never), standing), Step::wait);
}

TEST(Retry, SplitsACallThatNamedSeveral) {
  Outcome outcome = rejected();
  outcome.split = true;
  Standing standing = fresh();
  standing.in_company = true;
  EXPECT_EQ(step(outcome, standing), Step::split);
  standing.in_company = false;
  EXPECT_EQ(step(outcome, standing), Step::failed);
}

TEST(Retry, FollowsTheSchedule) {
  const config::RetrySchedule schedule = settings().retry;
  const std::vector<Duration> expected{30s, 2min, 5min, 15min, 15min, 1h, 1h,
                                       1h,  1h,   1h,   1h,    3h,    3h};
  Duration age = 0s;
  for (std::uint32_t attempt = 1; attempt <= expected.size(); ++attempt) {
    const Duration step = wait_after(schedule, attempt, age, kNoJitter);
    EXPECT_EQ(step, expected[attempt - 1]) << "attempt " << attempt;
    age += step;
  }
}

TEST(Retry, ScheduleHoldsWithTheShortestJitter) {
  const config::RetrySchedule schedule = settings().retry;
  EXPECT_EQ(wait_after(schedule, 2, 27s, kNoJitter), Duration(2min));
}

TEST(Retry, FailOverInOneCycleDoesNotSkipSteps) {
  EXPECT_EQ(wait_after(settings().retry, 3, 1s, kNoJitter), Duration(30s));
}

TEST(Retry, LongBlockDoesNotSkipSteps) {
  EXPECT_EQ(wait_after(settings().retry, 2, 5h, kNoJitter), Duration(2min));
}

TEST(Retry, FiniteScheduleRepeatsItsLastStep) {
  const config::RetrySchedule schedule{{1s}, {2s, 2}};
  EXPECT_EQ(wait_after(schedule, 50, 1h, kNoJitter), Duration(2s));
}

TEST(Retry, JitterIsTenPercentEitherWay) {
  EXPECT_EQ(wait(deferred(), fresh(), 0.0), 27s);
  EXPECT_EQ(wait(deferred(), fresh(), 0.999), Duration(32994));
}

TEST(Retry, NamedInstantIsNeverUndercut) {
  Outcome outcome = deferred();
  outcome.retry_at = kNow + 120s;
  EXPECT_GE(wait(outcome, fresh(), 0.0), 120s);
  EXPECT_LE(wait(outcome, fresh(), 0.999), 135s);
}

TEST(Retry, NamedInstantOfThePastIsIgnored) {
  Outcome outcome = deferred();
  outcome.retry_at = kNow - 1h;
  EXPECT_EQ(wait(outcome, fresh()), 30s);
}

TEST(Retry, TwoTemporaryFailuresInARowNeverBounce) {
  for (const std::uint32_t attempts : {1U, 2U}) {
    Standing standing = failing_for(80h, attempts);
    standing.expires_at = kNow - 8h;
    EXPECT_EQ(step(deferred(), standing), Step::wait) << attempts;
  }
}

TEST(Retry, UnknownFailureNeverBouncesBeforeItsTime) {
  for (std::uint32_t attempts = 1; attempts < 200; ++attempts)
    EXPECT_EQ(step(deferred(), failing_for(71h, attempts)), Step::wait);
}

TEST(Retry, ExpiresWhenItsTimeIsUp) {
  Standing standing = failing_for(72h, 20);
  standing.expires_at = kNow;
  EXPECT_EQ(step(deferred(), standing), Step::expired);
}

TEST(Retry, LastAttemptIsMadeWhenTheTimeIsUp) {
  Standing standing = failing_for(71h, 20);
  standing.expires_at = kNow + 1min;
  EXPECT_EQ(wait(deferred(), standing), 1min);
}

TEST(Retry, AllOthersShutWaitsForTheFirstToOpen) {
  Standing standing = fresh();
  standing.another_way_later = true;
  EXPECT_EQ(step(deferred(FailOver::now), standing), Step::await_way);
}

}  // namespace
}  // namespace postern::delivery

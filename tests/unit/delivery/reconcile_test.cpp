#include "delivery/reconcile.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using Kind = transports::Answer::Kind;
using Step = Resolution::Step;
using config::OnUncertain;

const Time kSince{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

TEST(Reconcile, AsksAtGrowingIntervalsThenSendsAgain) {
  Time now = first_look(OnUncertain::wait, kSince);
  std::vector<Duration> asked;
  for (;;) {
    ASSERT_EQ(look(OnUncertain::wait, now).step, Step::ask);
    asked.push_back(now - kSince);
    const Resolution next = reconcile(Kind::unknown, kSince, now);
    if (next.step == Step::resend) break;
    ASSERT_EQ(next.step, Step::ask);
    now = next.at;
  }
  EXPECT_EQ(asked, (std::vector<Duration>{15s, 60s, 5min, 15min, 30min}));
}

TEST(Reconcile, SlowAnswerDoesNotAskTwiceAtOnce) {
  EXPECT_EQ(reconcile(Kind::unknown, kSince, kSince + 58s).at, kSince + 5min);
}

TEST(Reconcile, AnswerSettlesIt) {
  EXPECT_EQ(reconcile(Kind::accepted, kSince, kSince + 15s).step, Step::sent);
  EXPECT_EQ(reconcile(Kind::refused, kSince, kSince + 15s).step, Step::failed);
  EXPECT_EQ(reconcile(Kind::not_sent, kSince, kSince + 15s).step, Step::not_sent);
}

TEST(Reconcile, WhoCannotBeAskedIsSentToAgain) {
  EXPECT_EQ(reconcile(Kind::unable, kSince, kSince + 15s).step, Step::resend);
}

TEST(Reconcile, AfterALongStopOneQuestionIsEnough) {
  EXPECT_EQ(reconcile(Kind::unknown, kSince, kSince + 3h).step, Step::resend);
}

TEST(Reconcile, ResendAndFailOverDoNotWait) {
  EXPECT_EQ(first_look(OnUncertain::resend, kSince), kSince);
  EXPECT_EQ(look(OnUncertain::resend, kSince).step, Step::resend);
  EXPECT_EQ(first_look(OnUncertain::failover, kSince), kSince);
  EXPECT_EQ(look(OnUncertain::failover, kSince).step, Step::fail_over);
}

}  // namespace
}  // namespace postern::delivery

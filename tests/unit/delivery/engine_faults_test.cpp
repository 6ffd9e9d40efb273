// What the engine does about restarts, a broken store, operators and reloads.
#include <gtest/gtest.h>

#include <algorithm>

#include "delivery/engine.hpp"
#include "faults.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using Verb = queue::Steer::Verb;

TEST_F(FaultTest, KillDuringAnAttemptMakesItUncertainNeverBlindlyRetried) {
  mailgun.hangs = true;
  const MessageNo no = send();
  EXPECT_EQ(mailgun.calls.size(), 1U);
  world.restart();
  EXPECT_EQ(world.state(no), State::uncertain);
  EXPECT_EQ(mailgun.calls.size(), 1U);
  mailgun.hangs = false;
  world.pass(16s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.possible_duplicates(), 1);
}

TEST_F(FaultTest, ThreeKillsDuringAttemptsHoldTheMessage) {
  mailgun.hangs = true;
  const MessageNo no = send();
  for (int kill = 0; kill < 3; ++kill) {
    world.restart();
    world.pass(20s);
  }
  EXPECT_EQ(world.state(no), State::held);
}

TEST_F(FaultTest, RestartKeepsTheBreaker) {
  always(mailgun, blocked(world.now + 1h));
  send();
  world.restart();
  EXPECT_EQ(world.breaker("mailgun"), "open");
  send();
  EXPECT_EQ(mailgun.calls.size(), 1U);
}

TEST_F(FaultTest, RestartWithAnotherTransportFreesWhatWasParked) {
  always(mailgun, blocked(world.now + 24h));
  always(backup, blocked(world.now + 24h));
  const MessageNo no = send();
  world.restart();
  EXPECT_EQ(world.state(no), State::queued);
  EXPECT_EQ(world.delivery(no).next_attempt_at, world.now + 24h) << "all shut: left as it was";
  world.transport("spare");
  world.restart();
  EXPECT_EQ(world.state(no), State::sent);
}

TEST_F(FaultTest, RestartFindsWhatWaited) {
  always(mailgun, temporary());
  const MessageNo no = send();
  world.restart();
  well(mailgun);
  world.pass(35s);
  EXPECT_EQ(world.state(no), State::sent);
}

TEST_F(FaultTest, OutcomeThatCannotBeRecordedIsRecordedLater) {
  mailgun.hangs = true;
  const MessageNo no = send();
  world.store_broken = true;
  mailgun.hangs = false;
  world.let_go();
  world.pass(1min);
  EXPECT_EQ(world.state(no), State::active);
  world.store_broken = false;
  world.pass(31s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(mailgun.calls.size(), 1U) << "once is enough";
}

TEST_F(FaultTest, NothingNewBeginsWhileTheStoreIsBroken) {
  mailgun.hangs = true;
  send();
  world.store_broken = true;
  world.let_go();
  const MessageNo next = send();
  EXPECT_EQ(world.state(next), State::queued);
  EXPECT_EQ(mailgun.calls.size(), 1U);
  world.store_broken = false;
  mailgun.hangs = false;
  world.pass(31s);
  EXPECT_EQ(world.state(next), State::sent);
}

TEST_F(FaultTest, OperatorIsToldWithinSecondsThatTheStoreIsBroken) {
  mailgun.hangs = true;
  send();
  for (const char* transport : {"mailgun", "backup"})
    ASSERT_TRUE(world.engine->suspend(transport, "", 1h, "drill", world.now));
  const MessageNo waiting = send();
  world.store_broken = true;
  std::optional<Steered> told;
  queue::Steer hold;
  hold.verb = Verb::hold;
  world.engine->steer(
      hold, [&](const Steered& result) { told = result; }, world.now);
  world.run();
  EXPECT_FALSE(told) << "a first fault is often gone half a second later";
  world.pass(6s);
  ASSERT_TRUE(told);
  EXPECT_TRUE(std::holds_alternative<queue::StorageFault>(*told));
  world.store_broken = false;
  world.pass(6s);
  EXPECT_EQ(world.state(waiting), State::held) << "the verb stands";
}

TEST_F(FaultTest, FaultAfterTheCommitDoesNothingTwice) {
  always(mailgun, refused_recipient());
  mailgun.hangs = true;
  const MessageNo no = send();
  world.fault_after_commit = true;
  mailgun.hangs = false;
  world.let_go();
  world.pass(1min);
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(world.reports().size(), 1U);
}

TEST_F(FaultTest, StartThatWasCommittedDespiteTheFaultIsCarriedOut) {
  world.engine = nullptr;
  mailgun.abilities_.max_recipients = 1;  // not admitted: started by the engine
  const MessageNo no = world.put("ann@a.example", {"x@b.example", "y@b.example"});
  world.fault_after_commit = true;
  world.run();
  world.pass(1min);
  EXPECT_EQ(world.state(no, 0), State::sent);
  EXPECT_EQ(world.state(no, 1), State::sent);
  EXPECT_EQ(mailgun.calls.size(), 2U);
}

TEST_F(FaultTest, HoldReachesWhatIsInMemory) {
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  std::vector<MessageNo> all;
  for (int i = 0; i < 5; ++i) all.push_back(send());
  EXPECT_EQ(world.steer(Verb::hold).changed, 3U) << "two are under way or committed";
  mailgun.hangs = false;
  world.let_go();
  EXPECT_EQ(std::ranges::count(all, State::held, [&](MessageNo no) { return world.state(no); }), 3);
  EXPECT_EQ(mailgun.calls.size(), 2U);
  world.steer(Verb::release);
  for (const MessageNo no : all) EXPECT_EQ(world.state(no), State::sent);
}

TEST_F(FaultTest, RetryVerbDrainsAfterFailures) {
  always(mailgun, temporary());
  always(backup, temporary());
  std::vector<MessageNo> all;
  for (int i = 0; i < 30; ++i) all.push_back(send());
  EXPECT_EQ(world.breaker("mailgun"), "open");
  well(mailgun);
  EXPECT_EQ(world.steer(Verb::retry).changed, 30U);
  for (const MessageNo no : all) EXPECT_EQ(world.state(no), State::sent);
}

TEST_F(FaultTest, SuspendedTransportIsLeftAlone) {
  send();
  EXPECT_TRUE(world.engine->suspend("mailgun", "", 2h, "maintenance", world.now));
  EXPECT_FALSE(world.engine->suspend("no such", "", 2h, "maintenance", world.now));
  send();
  EXPECT_EQ(mailgun.calls.size(), 1U);
  EXPECT_EQ(backup.calls.size(), 1U);
  EXPECT_EQ(world.breaker("mailgun"), "suspended");
  world.engine->resume("mailgun", "", world.now);
  send();
  EXPECT_EQ(mailgun.calls.size(), 2U);
}

TEST_F(FaultTest, StopCallsOffWhatHasNotBegun) {
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  const MessageNo first = send();
  const MessageNo second = send();
  world.engine->stop(world.now);
  world.run();
  EXPECT_EQ(world.state(second), State::queued);
  EXPECT_FALSE(world.engine->is_idle());
  mailgun.hangs = false;
  world.let_go();
  EXPECT_EQ(world.state(first), State::sent);
  EXPECT_TRUE(world.engine->is_idle());
  world.restart();
  EXPECT_EQ(world.state(second), State::sent);
  EXPECT_EQ(world.possible_duplicates(), 0);
}

TEST_F(FaultTest, StopLeavesTheCalledOffDueAtOnce) {
  world.config.domains.emplace_back().name = "*";
  world.config.domains.back().transports = {"mailgun"};
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  send();
  const MessageNo second = send();
  world.engine->stop(world.now);
  world.run();
  EXPECT_EQ(world.state(second), State::queued);
  EXPECT_EQ(world.delivery(second).next_attempt_at, world.now);
}

TEST_F(FaultTest, RoutingByAbilityIsNoFailOver) {
  mailgun.abilities_.max_message_bytes = 50;
  const MessageNo no = send();
  EXPECT_EQ(backup.calls.size(), 1U);
  EXPECT_TRUE(world.events(no).empty());
}

TEST_F(FaultTest, WhatFitsNoTransportFailsWithAReport) {
  mailgun.abilities_.max_message_bytes = backup.abilities_.max_message_bytes = 500;
  const MessageNo no = world.put("ann@a.example", {"x@b.example"}, 501);
  world.run();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(world.delivery(no).reason,
            "5.3.4 larger than any transport of the sender's domain takes");
  EXPECT_EQ(world.reports(), std::vector<std::string>{"ann@a.example"});
  EXPECT_EQ(world.state(send()), State::sent);
}

TEST_F(FaultTest, ReloadMovesTheWaitingAndKeepsBreakers) {
  world.transport("spare");
  always(mailgun, blocked(world.now + 1h));
  send();
  backup.abilities_.concurrency = 1;
  world.reload();
  backup.hangs = true;
  std::vector<MessageNo> all;
  for (int i = 0; i < 6; ++i) all.push_back(send());
  config::Domain& domain = world.config.domains.emplace_back();
  domain.name = "*";
  domain.transports = {"mailgun", "spare"};
  world.reload();
  world.run();
  EXPECT_EQ(world.breaker("mailgun"), "open");
  EXPECT_EQ(std::ranges::count(all, State::sent, [&](MessageNo no) { return world.state(no); }), 4);
  backup.hangs = false;
  world.let_go();
  for (const MessageNo no : all) EXPECT_EQ(world.state(no), State::sent);
}

TEST_F(FaultTest, WhatDoesNotFitIntoMemoryComesFromTheStore) {
  world.config.queue.memory_messages = 5;
  world.config.queue.memory_bytes = 500;
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  std::vector<MessageNo> all;
  for (int i = 0; i < 60; ++i) all.push_back(world.put("ann@a.example", {"x@b.example"}));
  world.run();
  mailgun.hangs = false;
  world.let_go();
  world.pass(1s);
  for (const MessageNo no : all) {
    EXPECT_EQ(world.state(no), State::sent);
    EXPECT_EQ(world.arrivals(no, "x@b.example"), 1U);
  }
}

}  // namespace
}  // namespace postern::delivery

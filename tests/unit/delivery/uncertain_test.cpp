// What the engine does about attempts of which nobody knows how they ended.
#include <gtest/gtest.h>

#include "delivery/engine.hpp"
#include "faults.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using Verb = queue::Steer::Verb;

using UncertainTest = FaultTest;

TEST_F(UncertainTest, UncertainIsAskedAboutAndFound) {
  knows(Kind::accepted);
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::uncertain);
  world.pass(14s);
  EXPECT_EQ(world.state(no), State::uncertain);
  world.pass(2s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.delivery(no).provider_id, "id-1");
  EXPECT_EQ(mailgun.calls.size(), 1U);
  EXPECT_EQ(settled("found"), 1);
  EXPECT_EQ(world.possible_duplicates(), 0);
}

TEST_F(UncertainTest, UncertainThatStaysUnknownGoesAgainAndIsCounted) {
  knows(Kind::unknown);
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  well(mailgun);
  world.pass(29min);
  EXPECT_EQ(world.state(no), State::uncertain);
  EXPECT_EQ(mailgun.calls.size(), 1U);
  world.pass(2min);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(mailgun.calls.size(), 2U) << "through the same transport";
  EXPECT_TRUE(backup.calls.empty());
  EXPECT_EQ(world.possible_duplicates(), 1);
  EXPECT_EQ(world.delivery(no).possible_duplicates, 1U);
  EXPECT_EQ(settled("resent"), 1);
}

TEST_F(UncertainTest, UncertainThatTheProviderRefusedIsReported) {
  knows(Kind::refused);
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  well(mailgun);
  world.pass(16s);
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(world.reports().size(), 1U);
}

TEST_F(UncertainTest, UncertainThatWasBlockedAfterAllGoesElsewhereAndShutsTheTransport) {
  knows(Kind::not_sent, blocked(world.now + 1h));
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  world.pass(16s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.arrivals(no, "x@b.example"), 1U);
  EXPECT_EQ(backup.calls.size(), 1U);
  EXPECT_EQ(world.breaker("mailgun"), "open");
  EXPECT_EQ(world.possible_duplicates(), 0);
  EXPECT_EQ(world.delivery(no).possible_duplicates, 0U);
  EXPECT_EQ(settled("not_sent"), 1);
  EXPECT_TRUE(world.reports().empty());
  EXPECT_EQ(world.events(no).at(0).type, "failover");
}

TEST_F(UncertainTest, UncertainThatWasBlockedWaitsWhereThereIsNoOtherWay) {
  world.config.domains.emplace_back().name = "*";
  world.config.domains.back().transports = {"mailgun"};
  knows(Kind::not_sent, blocked(world.now + 1h));
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  well(mailgun);
  world.pass(16s);
  EXPECT_EQ(world.state(no), State::queued);
  world.pass(1h);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.possible_duplicates(), 0);
}

TEST_F(UncertainTest, WhoCannotBeAskedIsSentToAgainAtTheFirstLook) {
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  well(mailgun);
  world.pass(16s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.possible_duplicates(), 1);
}

TEST_F(UncertainTest, PolicyFailoverTakesAnotherTransportAtOnce) {
  world.config.queue.on_uncertain = config::OnUncertain::failover;
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  world.pass(1s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(backup.calls.size(), 1U);
  EXPECT_EQ(world.possible_duplicates(), 1);
  EXPECT_EQ(settled("failed_over"), 1);
}

TEST_F(UncertainTest, DomainsPolicyStandsBeforeTheQueues) {
  config::Domain& domain = world.config.domains.emplace_back();
  domain.name = "a.example";
  domain.on_uncertain = config::OnUncertain::resend;
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  well(mailgun);
  world.pass(1s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(mailgun.calls.size(), 2U);
}

TEST_F(UncertainTest, UncertainWithEveryWayShutStaysUncertainUntilItGoes) {
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  world.engine->suspend("mailgun", "", 1h, "drill", world.now);
  world.engine->suspend("backup", "", 1h, "drill", world.now);
  well(mailgun);
  world.pass(30min);
  EXPECT_EQ(world.state(no), State::uncertain);
  EXPECT_EQ(world.possible_duplicates(), 0) << "nothing went out yet";
  world.pass(31min);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.possible_duplicates(), 1);
}

TEST_F(UncertainTest, RetryOfTheUncertainIsCounted) {
  knows(Kind::unknown);
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  well(mailgun);
  EXPECT_EQ(world.steer(Verb::retry).resent_uncertain, 1U);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.possible_duplicates(), 1);
  EXPECT_EQ(settled("operator"), 1);
}

TEST_F(UncertainTest, DeletingTheUncertainSettlesIt) {
  knows(Kind::unknown);
  always(mailgun, Outcome::uncertain("connection reset"));
  const MessageNo no = send();
  EXPECT_EQ(world.steer(Verb::cancel).changed, 1U);
  EXPECT_EQ(world.state(no), State::cancelled);
  EXPECT_EQ(settled("cancelled"), 1);
  EXPECT_EQ(world.possible_duplicates(), 0);
}

}  // namespace
}  // namespace postern::delivery

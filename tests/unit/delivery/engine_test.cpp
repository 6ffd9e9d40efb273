#include "delivery/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using State = DeliveryState;
using Calls = std::vector<std::string>;

struct EngineTest : ::testing::Test {
  World world;
  FakeTransport& mailgun = world.transport("mailgun");
  FakeTransport& backup = world.transport("backup");

  MessageNo send(std::vector<std::string> recipients = {"x@b.example"}) {
    const MessageNo no = world.put("ann@a.example", std::move(recipients));
    world.run();
    return no;
  }
  static void always(FakeTransport& transport, const Outcome& outcome) {
    transport.answer = [outcome](const Message&, const std::string&) { return outcome; };
  }
  static void well(FakeTransport& transport) { always(transport, Outcome::delivered("250 ok")); }
};

TEST_F(EngineTest, DeliversAtOnce) {
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.delivery(no).reason, "250 ok");
  EXPECT_EQ(world.attempts(no).size(), 1U);
  EXPECT_EQ(mailgun.calls, Calls{"x@b.example"});
}

TEST_F(EngineTest, SeveralRecipientsShareACall) {
  const MessageNo no = send({"x@b.example", "y@b.example", "z@b.example"});
  EXPECT_EQ(mailgun.calls, Calls{"x@b.example y@b.example z@b.example"});
  for (const std::uint32_t index : {0U, 1U, 2U}) EXPECT_EQ(world.state(no, index), State::sent);
}

TEST_F(EngineTest, CallsCarryNoMoreThanTheTransportTakes) {
  mailgun.abilities_.max_recipients = 2;
  send({"x@b.example", "y@b.example", "z@b.example"});
  EXPECT_EQ(mailgun.calls, (Calls{"x@b.example y@b.example", "z@b.example"}));
}

TEST_F(EngineTest, BlockFailsOverInTheSameCycle) {
  always(mailgun, blocked(world.now + 1h));
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::sent);
  ASSERT_EQ(world.attempts(no).size(), 2U);
  EXPECT_EQ(world.attempts(no)[0].outcome, "deferred");
  EXPECT_EQ(world.attempts(no)[1].transport, "backup");
  EXPECT_EQ(world.breaker("mailgun"), "open");
  ASSERT_EQ(world.events(no).size(), 1U);
  EXPECT_EQ(world.events(no)[0].type, "failover");
}

TEST_F(EngineTest, WhileBlockedEverythingTakesTheBackup) {
  always(mailgun, blocked(world.now + 1h));
  send();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.state(send()), State::sent);
  EXPECT_EQ(mailgun.calls.size(), 1U) << "a blocked provider is left alone";
}

TEST_F(EngineTest, AfterTheBlockOneCanaryGoesFirst) {
  always(mailgun, blocked(world.now + 1h));
  send();
  world.pass(1h);
  EXPECT_EQ(world.breaker("mailgun"), "half-open");
  well(mailgun);
  mailgun.hangs = true;
  send();
  send();
  EXPECT_EQ(mailgun.calls.size(), 2U) << "one canary; the other took the backup";
  EXPECT_EQ(backup.calls.size(), 2U);
  mailgun.hangs = false;
  world.let_go();
  EXPECT_EQ(world.breaker("mailgun"), "closed");
  send();
  EXPECT_EQ(mailgun.calls.size(), 3U);
}

TEST_F(EngineTest, MessagesCommittedAheadAreCalledOffWhenTheirWayIsShut) {
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  const MessageNo first = send();
  const MessageNo second = send();
  EXPECT_EQ(world.state(second), State::active);
  always(mailgun, blocked(world.now + 1h));
  world.let_go();
  EXPECT_EQ(world.state(first), State::sent);
  EXPECT_EQ(world.state(second), State::sent);
  EXPECT_EQ(mailgun.calls.size(), 1U) << "the second never reached the blocked provider";
}

TEST_F(EngineTest, NothingUsableWaitsForTheFirstToOpen) {
  always(mailgun, blocked(world.now + 1h));
  always(backup, blocked(world.now + 2h));
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::queued);
  EXPECT_EQ(world.delivery(no).next_attempt_at, world.now + 1h);
  EXPECT_EQ(world.delivery(no).reason, "403 Account disabled");
  const MessageNo later = send();
  EXPECT_EQ(world.state(later), State::queued);
  EXPECT_EQ(world.delivery(later).attempts, 0U);
  EXPECT_EQ(world.delivery(later).next_attempt_at, world.now + 1h);
  well(mailgun);
  world.pass(1h + 1s);
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(world.state(later), State::sent);
}

TEST_F(EngineTest, BlockOfOneDomainLeavesTheOthersAlone) {
  mailgun.answer = [&](const Message& message, const std::string&) {
    if (message.sender_domain != "bad.example") return Outcome::delivered("ok");
    Outcome outcome = blocked(world.now + 1h);
    outcome.blame = Blame::sender_domain;
    return outcome;
  };
  EXPECT_EQ(world.state(world.put("x@bad.example", {"r@b.example"})), State::active);
  world.run();
  EXPECT_EQ(world.breaker("mailgun", "bad.example"), "open");
  EXPECT_EQ(world.breaker("mailgun"), "closed");
  send();
  EXPECT_EQ(mailgun.calls.size(), 2U);
  world.put("x@bad.example", {"r@b.example"});
  world.run();
  EXPECT_EQ(mailgun.calls.size(), 2U);
  EXPECT_EQ(backup.calls.size(), 2U);
}

TEST_F(EngineTest, TemporaryFailureIsRetriedThenLeavesItsTransport) {
  always(mailgun, temporary());
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::deferred);
  EXPECT_EQ(world.delivery(no).first_failed_at, world.now);
  EXPECT_TRUE(backup.calls.empty());
  world.pass(34s);
  EXPECT_EQ(world.state(no), State::sent) << "older than failover_after";
  EXPECT_EQ(backup.calls.size(), 1U);
}

TEST_F(EngineTest, NoTemporaryFailureEverBounces) {
  always(mailgun, temporary());
  always(backup, temporary());
  const MessageNo no = send();
  for (int hour = 0; hour < 71; ++hour) {
    world.pass(1h);
    ASSERT_FALSE(is_final(world.state(no)));
  }
  EXPECT_TRUE(world.reports().empty());
  EXPECT_GT(world.attempts(no).size(), 20U);
}

TEST_F(EngineTest, ExpiresAndReports) {
  always(mailgun, greylisted());
  const MessageNo no = send();
  world.pass(73h);
  EXPECT_EQ(world.state(no), State::expired);
  EXPECT_EQ(world.reports(), Calls{"ann@a.example"});
}

TEST_F(EngineTest, ExpiresWhileEverythingIsShut) {
  world.transport("mailgun");
  mailgun.answer =
      backup.answer = [&](const Message&, const std::string&) { return blocked(world.now + 24h); };
  const MessageNo no = send();
  world.pass(74h);
  EXPECT_EQ(world.state(no), State::expired);
  EXPECT_EQ(world.reports().size(), 1U);
}

TEST_F(EngineTest, ReportsARefusalToTheSender) {
  always(mailgun, refused_recipient());
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(world.reports(), Calls{"ann@a.example"});
  EXPECT_EQ(world.events(no).back().type, "report");
  EXPECT_TRUE(backup.calls.empty()) << "another transport would say the same";
}

TEST_F(EngineTest, NeverReportsToTheNullSender) {
  always(mailgun, refused_recipient());
  const MessageNo no = world.put("", {"x@b.example"});
  world.run();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_TRUE(world.reports().empty());
}

TEST_F(EngineTest, WrongRecipientAmongThreeIsReportedOnceTheOthersArriveOnce) {
  mailgun.answer = [&](const Message& message, const std::string& recipient) {
    if (message.envelope.sender.empty()) return Outcome::delivered("report taken");
    if (mailgun.calls.back().find(' ') != std::string::npos) return refused_recipient(true);
    return recipient == "wrong@b.example" ? refused_recipient(true) : Outcome::delivered("ok");
  };
  const MessageNo no = send({"x@b.example", "wrong@b.example", "z@b.example"});
  EXPECT_EQ(world.state(no, 0), State::sent);
  EXPECT_EQ(world.state(no, 1), State::failed);
  EXPECT_EQ(world.state(no, 2), State::sent);
  EXPECT_EQ(world.arrivals(no, "x@b.example"), 1U);
  EXPECT_EQ(world.arrivals(no, "z@b.example"), 1U);
  EXPECT_EQ(world.reports(), Calls{"ann@a.example"});
  EXPECT_TRUE(backup.calls.empty());
}

TEST_F(EngineTest, RecipientsThatHadNoRoomGoInTheNextCallAtOnce) {
  std::size_t room = 0;
  mailgun.answer = [&](const Message&, const std::string& recipient) {
    if (mailgun.calls.back().starts_with(recipient)) room = 2;
    if (room-- > 0) return Outcome::delivered("ok");
    room = 0;
    Outcome outcome = temporary(FailOver::never);
    outcome.blame = Blame::none;
    outcome.left_out = true;
    return outcome;
  };
  const MessageNo no =
      send({"a@b.example", "b@b.example", "c@b.example", "d@b.example", "e@b.example"});
  EXPECT_EQ(mailgun.calls, (Calls{"a@b.example b@b.example c@b.example d@b.example e@b.example",
                                  "c@b.example d@b.example e@b.example", "e@b.example"}));
  for (const std::uint32_t index : {0U, 1U, 2U, 3U, 4U}) {
    EXPECT_EQ(world.state(no, index), State::sent);
    EXPECT_FALSE(world.delivery(no, index).first_failed_at) << "nobody's failure";
  }
  EXPECT_EQ(world.breaker("mailgun"), "closed");
}

TEST_F(EngineTest, TooLargeHereGoesWhereItFits) {
  Outcome too_large = refused_recipient();
  too_large.blame = Blame::message;
  too_large.fail_over = FailOver::now;
  always(mailgun, too_large);
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::sent);
  EXPECT_EQ(backup.calls.size(), 1U);
  always(backup, too_large);
  EXPECT_EQ(world.state(send()), State::failed);
}

TEST_F(EngineTest, RefusedContentIsOfferedToOneOtherTransportOnly) {
  FakeTransport& third = world.transport("third");
  always(mailgun, refused_content());
  always(backup, refused_content());
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(backup.calls, (Calls{"x@b.example", "ann@a.example"})) << "the report fares alike";
  EXPECT_TRUE(third.calls.empty());
  EXPECT_EQ(world.reports(), Calls{"ann@a.example"});
}

TEST_F(EngineTest, RefusedContentWaitsForTheOtherWayWithoutHammeringThisOne) {
  send();
  world.engine->suspend("backup", "", 1h, "maintenance", world.now);
  always(mailgun, refused_content());
  mailgun.calls.clear();
  mailgun.hangs = true;
  const MessageNo no = send();
  mailgun.hangs = false;
  world.let_go();
  EXPECT_EQ(world.state(no), State::queued);
  EXPECT_EQ(world.delivery(no).next_attempt_at, world.now + 1h);
  EXPECT_EQ(mailgun.calls.size(), 1U);
}

TEST_F(EngineTest, FailingRecipientDoesNotShutTheTransport) {
  always(mailgun, greylisted());
  for (int i = 0; i < 20; ++i) send();
  EXPECT_EQ(world.breaker("mailgun"), "closed");
}

TEST_F(EngineTest, ConsecutiveFailuresOfDifferentMessagesShutIt) {
  always(mailgun, temporary());
  for (int i = 0; i < 5; ++i) send();
  EXPECT_EQ(world.breaker("mailgun"), "open");
  EXPECT_EQ(world.state(send()), State::sent) << "through the backup";
}

TEST_F(EngineTest, WhenABreakerClosesTheParkedGoAtOnce) {
  always(mailgun, blocked(world.now + 3h));
  always(backup, blocked(world.now + 3h));
  std::vector<MessageNo> parked;
  for (int i = 0; i < 30; ++i) parked.push_back(send());
  well(mailgun);
  world.engine->resume("mailgun", "", world.now);
  world.run();
  for (const MessageNo no : parked) EXPECT_EQ(world.state(no), State::sent);
}

TEST_F(EngineTest, ShortRateLimitMakesEverybodyWaitWithoutFailOver) {
  Outcome limited = temporary();
  limited.meaning = Meaning::rate_limited;
  limited.retry_at = world.now + 10s;
  always(mailgun, limited);
  send();
  well(mailgun);
  const MessageNo next = send();
  EXPECT_EQ(world.state(next), State::queued);
  EXPECT_EQ(mailgun.calls.size(), 1U);
  world.pass(10s);
  EXPECT_EQ(world.state(next), State::sent);
  EXPECT_TRUE(backup.calls.empty());
}

TEST_F(EngineTest, LongRateLimitCountsAsABlock) {
  Outcome limited = temporary(FailOver::now);
  limited.meaning = Meaning::rate_limited;
  limited.retry_at = world.now + 10min;
  always(mailgun, limited);
  EXPECT_EQ(world.state(send()), State::sent);
  EXPECT_EQ(world.breaker("mailgun"), "open");
}

TEST_F(EngineTest, TransportKeepsCallsForItsNextFreePlaceButOperatorsSeeTheWire) {
  mailgun.abilities_.concurrency = 2;
  mailgun.abilities_.prefetch = 1;
  mailgun.hangs = true;
  const auto in_flight = [&] { return world.engine->views(world.now).at(0).in_flight; };
  send();
  EXPECT_EQ(in_flight(), 1U);
  for (int i = 0; i < 9; ++i) send();
  EXPECT_EQ(world.open_calls(), 3U);
  EXPECT_EQ(in_flight(), 2U) << "what is kept is not on the wire";
  mailgun.hangs = false;
  world.let_go();
  EXPECT_EQ(mailgun.calls.size(), 10U);
  EXPECT_EQ(in_flight(), 0U);
}

TEST_F(EngineTest, RateIsKept) {
  mailgun.abilities_.rate_per_second = 2;
  for (int i = 0; i < 10; ++i) send();
  const std::size_t at_once = mailgun.calls.size();
  world.pass(2s);
  EXPECT_LE(at_once, 1U);
  EXPECT_EQ(mailgun.calls.size(), at_once + 4);
}

TEST_F(EngineTest, OneBrandsFloodDoesNotDelayAnother) {
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  for (int i = 0; i < 50; ++i) world.put("x@flood.example", {"r@flood.example"});
  world.put("y@calm.example", {"r@calm.example"});
  world.run();
  while (std::ranges::find(mailgun.calls, "r@calm.example") == mailgun.calls.end()) world.let_go();
  EXPECT_LE(mailgun.calls.size(), 5U);
}

TEST_F(EngineTest, NoWayOutIsHeldWithAReason) {
  world.config.domains.emplace_back().name = "other.example";
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::held);
  EXPECT_EQ(world.delivery(no).reason, "no transport is configured for the sender's domain");
}

TEST_F(EngineTest, AnAccountThatRefusesSendsMailTheOtherWay) {
  Outcome refusal = blocked(world.now + 5min);
  refusal.reply = "SendingEnabled false";
  world.hear("mailgun", {.recipients_per_second = 7, .note = "disabled", .refusal = refusal});
  EXPECT_EQ(world.breaker("mailgun"), "open");
  EXPECT_EQ(world.state(send()), State::sent);
  EXPECT_TRUE(mailgun.calls.empty());
  const TransportView view = world.engine->views(world.now).at(0);
  EXPECT_EQ(view.account, "disabled");
  EXPECT_EQ(view.rate_per_second, 7);
  EXPECT_EQ(view.reason, "SendingEnabled false");
}

TEST_F(EngineTest, AnAccountOfATransportThatIsGoneCountsForNothing) {
  world.run();
  const auto stranger = std::make_shared<FakeTransport>("mailgun");
  world.engine->heard(stranger, {.recipients_per_second = 0, .note = "x", .refusal = blocked()},
                      world.now);
  EXPECT_EQ(world.breaker("mailgun"), "closed");
}

}  // namespace
}  // namespace postern::delivery

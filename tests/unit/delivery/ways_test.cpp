#include "delivery/ways.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

struct WaysTest : ::testing::Test {
  Ways ways;
  Time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  std::shared_ptr<config::Config> config = std::make_shared<config::Config>();
  transports::Abilities abilities{.max_message_bytes = 1000, .max_recipients = 2, .concurrency = 1};

  void SetUp() override {
    config->transports.emplace_back().name = "mailgun";
    config->transports.emplace_back().name = "backup";
    ways.configure(config, {{"mailgun", abilities}, {"backup", abilities}}, now);
    ways.set_admitting(true);
  }
  std::vector<queue::Start> admit(std::size_t recipients = 1, std::uint64_t size_bytes = 10) {
    Message message;
    message.sender_domain = "a.example";
    message.size_bytes = size_bytes;
    message.envelope.recipients.resize(recipients, "x@b.example");
    return ways.admit(message, now);
  }
  static Outcome block(std::optional<Time> until) {
    Outcome outcome;
    outcome.meaning = Meaning::blocked;
    outcome.retry_at = until;
    outcome.reply = "Account disabled";
    return outcome;
  }
  BreakerChanges judge(TransportIndex transport, const Outcome& outcome) {
    return ways.judge(transport, ways.intern("a.example"), {}, {&outcome, 1}, MessageNo{1}, now);
  }
};

TEST_F(WaysTest, NewMessageStartsActiveWhileThereIsAPlace) {
  const auto starts = admit(2);
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].state, DeliveryState::active);
  EXPECT_EQ(starts[0].transport, "mailgun");
  EXPECT_EQ(starts[0].expires_at, now + 72h);
  EXPECT_EQ(admit()[0].state, DeliveryState::active) << "one ahead of the one under way";
  EXPECT_EQ(admit()[0].state, DeliveryState::queued);
  ways.release(0);
  EXPECT_EQ(admit()[0].state, DeliveryState::active);
}

TEST_F(WaysTest, QueuesWhatNeedsSeveralCallsOrAnotherWay) {
  EXPECT_EQ(admit(3)[0].state, DeliveryState::queued);
  EXPECT_EQ(admit(1, 5000)[0].state, DeliveryState::queued) << "to be refused with a report";
}

TEST_F(WaysTest, NobodyOvertakesABacklog) {
  ways.set_backlog(0, true);
  EXPECT_EQ(admit()[0].state, DeliveryState::queued);
}

TEST_F(WaysTest, NothingStartsWhileNotAdmitting) {
  ways.set_admitting(false);
  EXPECT_EQ(admit()[0].state, DeliveryState::queued);
}

TEST_F(WaysTest, AllShutNamesTheInstant) {
  judge(0, block(now + 1h));
  EXPECT_EQ(admit()[0].state, DeliveryState::queued);
  EXPECT_EQ(admit()[0].next_attempt_at, now) << "the backup is open";
  judge(1, block(now + 2h));
  EXPECT_EQ(admit()[0].next_attempt_at, now + 1h);
  EXPECT_EQ(admit()[0].reason, "Account disabled");
  EXPECT_FALSE(ways.any_open(now));
  EXPECT_EQ(ways.next_opening(now), now + 1h);
}

TEST_F(WaysTest, TicketOfAHalfOpenWayIsTheCanary) {
  const DomainIndex domain = ways.intern("a.example");
  judge(0, block(now + 1h));
  EXPECT_EQ(ways.acquire(0, domain, now).kind, Ticket::Kind::shut);
  now += 1h;
  const Ticket canary = ways.acquire(0, domain, now);
  EXPECT_EQ(canary.kind, Ticket::Kind::granted);
  EXPECT_TRUE(canary.canary);
  EXPECT_EQ(ways.acquire(0, domain, now).kind, Ticket::Kind::wait);
  const Outcome delivered = Outcome::delivered("ok");
  const auto changes = ways.judge(0, domain, canary, {&delivered, 1}, MessageNo{2}, now);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, BreakerState::closed);
}

TEST_F(WaysTest, DomainsBreakerIsSavedWithItsDomain) {
  Outcome outcome = block(now + 1h);
  outcome.blame = Blame::sender_domain;
  const auto changes = judge(0, outcome);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].row.transport, "mailgun");
  EXPECT_EQ(changes[0].row.domain, "a.example");
  Ways restored;
  restored.configure(config, {{"mailgun", abilities}, {"backup", abilities}}, now);
  restored.restore({changes[0].row});
  EXPECT_TRUE(restored.is_shut(0, restored.intern("a.example"), now));
  EXPECT_FALSE(restored.is_shut(0, restored.intern("b.example"), now));
}

TEST_F(WaysTest, StrangersBeyondTheLimitShareAnEntryWithoutABreaker) {
  for (std::size_t i = 0; i < kMaxDomains + 10; ++i)
    ways.intern("d" + std::to_string(i) + ".example");
  const DomainIndex stranger = ways.intern("one-too-many.example");
  EXPECT_EQ(stranger, kStrangers);
  Outcome outcome = block(now + 1h);
  outcome.blame = Blame::sender_domain;
  EXPECT_TRUE(ways.judge(0, stranger, {}, {&outcome, 1}, MessageNo{1}, now).empty());
}

TEST_F(WaysTest, ReloadKeepsNumbersAndBreakers) {
  judge(1, block(now + 1h));
  config = std::make_shared<config::Config>();
  config->transports.emplace_back().name = "backup";
  EXPECT_EQ(ways.configure(config, {{"backup", abilities}}, now), std::vector<TransportIndex>{1});
  EXPECT_EQ(admit()[0].next_attempt_at, now + 1h);
}

TEST_F(WaysTest, HeedsTheProvidersRateWhereItIsLower) {
  abilities.concurrency = 100;
  abilities.max_recipients = 50;
  abilities.rate_per_second = 100;
  abilities.rate_counts_recipients = true;
  ways.configure(config, {{"mailgun", abilities}, {"backup", abilities}}, now);
  EXPECT_TRUE(ways.heed(0, {.recipients_per_second = 10, .note = "", .refusal = {}}, now).empty());
  EXPECT_EQ(admit(10)[0].transport, "mailgun");
  EXPECT_EQ(admit()[0].state, DeliveryState::queued) << "ten recipients: a second's worth";
  now += 900ms;
  EXPECT_EQ(admit()[0].state, DeliveryState::queued);
  now += 100ms;
  EXPECT_EQ(admit()[0].state, DeliveryState::active);
  ways.heed(0, {.recipients_per_second = 1000, .note = "", .refusal = {}}, now + 1s);
  now += 1s;
  int started = 0;
  while (admit()[0].state == DeliveryState::active) ++started;
  EXPECT_EQ(started, 10) << "never faster than the operator says";
}

TEST_F(WaysTest, AnAccountThatRefusesIsShutUntilThen) {
  const BreakerChanges changes =
      ways.heed(0, {.recipients_per_second = 0, .note = "", .refusal = block(now + 5min)}, now);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].state, BreakerState::open);
  EXPECT_EQ(changes[0].row.until, now + 5min);
  EXPECT_TRUE(ways.is_shut(0, ways.intern("a.example"), now));
  EXPECT_FALSE(ways.is_shut(1, ways.intern("a.example"), now));
}

}  // namespace
}  // namespace postern::delivery

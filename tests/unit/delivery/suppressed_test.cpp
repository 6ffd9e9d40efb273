// Recipients on the suppression list.
#include <gtest/gtest.h>

#include "world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using State = DeliveryState;
using Calls = std::vector<std::string>;

struct SuppressedTest : ::testing::Test {
  World world;
  FakeTransport& mailgun = world.transport("mailgun");
  FakeTransport& backup = world.transport("backup");

  SuppressedTest() { world.run(); }

  MessageNo send(std::vector<std::string> recipients = {"x@b.example"},
                 const std::string& sender = "ann@a.example") {
    const MessageNo no = world.put(sender, std::move(recipients));
    world.run();
    return no;
  }
  void commit(const queue::Change& change) {
    world.store->begin();
    world.store->apply(change);
    world.store->commit();
  }
  void suppress(const std::string& address, const std::string& domain = {},
                SuppressionReason reason = SuppressionReason::bounce) {
    commit(queue::Suppress{{.address = address,
                            .sender_domain = domain,
                            .reason = reason,
                            .source = "mailgun",
                            .added_at = world.now,
                            .detail = "550 no such user"}});
  }
  std::optional<Suppression> listed(const std::string& address) {
    return world.store->reader().suppression(address, "a.example", world.now);
  }
  /// Calls for others than the sender, who gets the reports.
  static Calls mailed(const FakeTransport& transport) {
    Calls calls = transport.calls;
    std::erase(calls, "ann@a.example");
    return calls;
  }
  /// Reports arrive, whatever becomes of the mail.
  static void customers_get(FakeTransport& transport, const std::function<Outcome()>& outcome) {
    transport.answer = [outcome](const Message&, const std::string& recipient) {
      return recipient == "ann@a.example" ? Outcome::delivered("250 ok") : outcome();
    };
  }
  double counted(const std::string& source) {
    return world.metrics.suppressed.Add({{"source", source}}).Value();
  }
};

TEST_F(SuppressedTest, NothingIsSentToThem) {
  suppress("x@b.example");
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(world.delivery(no).reason,
            "suppressed: bounce: 550 no such user (mailgun, 2026-11-21T00:00:00.000Z)");
  EXPECT_TRUE(world.attempts(no).empty());
  EXPECT_EQ(mailed(mailgun), Calls{});
  EXPECT_EQ(mailed(backup), Calls{});
  EXPECT_EQ(counted("mailgun"), 1);
}

TEST_F(SuppressedTest, TheSenderIsToldLikeOfAnyRefusal) {
  suppress("x@b.example");
  send();
  EXPECT_EQ(world.told(), (std::vector<std::string>{"failed x@b.example 5.1.1"}));
  const std::string report = world.report_text(0);
  EXPECT_NE(report.find("suppressed: bounce: 550 no such user"), std::string::npos);
  EXPECT_EQ(report.find("mailgun"), std::string::npos) << "providers are nobody's business";
}

TEST_F(SuppressedTest, WhoComplainedIsNoWrongAddress) {
  suppress("x@b.example", {}, SuppressionReason::complaint);
  send();
  EXPECT_EQ(world.told(), (std::vector<std::string>{"failed x@b.example 5.7.1"}));
}

TEST_F(SuppressedTest, TheOthersGoOn) {
  suppress("y@b.example");
  const MessageNo no = send({"x@b.example", "y@b.example", "z@b.example"});
  EXPECT_EQ(mailed(mailgun), Calls{"x@b.example z@b.example"});
  EXPECT_EQ(world.state(no, 0), State::sent);
  EXPECT_EQ(world.state(no, 1), State::failed);
  EXPECT_EQ(world.state(no, 2), State::sent);
}

TEST_F(SuppressedTest, OneReportNamesThemAndTheRefused) {
  suppress("y@b.example");
  mailgun.answer = [](const Message&, const std::string& recipient) {
    return recipient == "x@b.example" ? refused_recipient() : Outcome::delivered("250 ok");
  };
  send({"x@b.example", "y@b.example", "z@b.example"});
  EXPECT_EQ(world.reports().size(), 1U);
  EXPECT_EQ(world.told().size(), 2U);
}

TEST_F(SuppressedTest, InAnyCaseOfLetters) {
  suppress("x.y@b.example");
  EXPECT_EQ(world.state(send({"X.Y@B.Example"})), State::failed);
}

TEST_F(SuppressedTest, OnlyMailOfThatDomainIsKept) {
  suppress("x@b.example", "a.example");
  EXPECT_EQ(world.state(send()), State::failed);
  EXPECT_EQ(world.state(send({"x@b.example"}, "bob@c.example")), State::sent);
}

TEST_F(SuppressedTest, UntilTheTimeIsOver) {
  commit(queue::Suppress{{.address = "x@b.example",
                          .reason = SuppressionReason::manual,
                          .source = "operator",
                          .added_at = world.now,
                          .expires_at = world.now + 1h}});
  EXPECT_EQ(world.state(send()), State::failed);
  world.pass(1h);
  EXPECT_EQ(world.state(send()), State::sent);
}

TEST_F(SuppressedTest, UntilTheyAreTakenOff) {
  suppress("x@b.example");
  EXPECT_EQ(world.state(send()), State::failed);
  commit(queue::Unsuppress{"x@b.example", {}});
  EXPECT_EQ(world.state(send()), State::sent);
}

TEST_F(SuppressedTest, NoBackupIsAsked) {
  mailgun.answer = [&](const Message&, const std::string& recipient) {
    // It is put on the list while the attempt is under way.
    suppress(recipient);
    return blocked(world.now + 1h);
  };
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(mailed(backup), Calls{});
}

TEST_F(SuppressedTest, WhatWaitsForAPlaceIsAskedAboutAgain) {
  mailgun.abilities_.concurrency = 1;
  mailgun.hangs = true;
  world.reload();
  send();
  send();  // committed ahead: both places are taken
  const MessageNo no = send({"y@b.example"});
  EXPECT_EQ(world.state(no), State::queued);
  suppress("y@b.example");
  mailgun.hangs = false;
  world.let_go();
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(mailed(mailgun), (Calls{"x@b.example", "x@b.example"}));
}

TEST_F(SuppressedTest, WhatWaitsForAWayIsGivenUpAtOnce) {
  for (FakeTransport* transport : {&mailgun, &backup})
    transport->answer = [&](const Message&, const std::string&) { return blocked(world.now + 9h); };
  send();
  suppress("y@b.example");
  EXPECT_EQ(world.state(send({"y@b.example"})), State::failed);
}

TEST_F(SuppressedTest, WhatMayHaveArrivedIsNotSentAgain) {
  customers_get(mailgun, [] { return Outcome::uncertain("connection reset"); });
  const MessageNo no = send();
  EXPECT_EQ(world.state(no), State::uncertain);
  suppress("x@b.example");
  world.pass(1min);
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(mailed(mailgun), Calls{"x@b.example"});
  EXPECT_EQ(world.possible_duplicates(), 0);
}

TEST_F(SuppressedTest, AStoreThatCannotBeAskedSendsNothing) {
  suppress("x@b.example");
  world.execute("ALTER TABLE suppression RENAME TO elsewhere");
  const MessageNo no = send();
  EXPECT_EQ(mailed(mailgun), Calls{});
  world.execute("ALTER TABLE elsewhere RENAME TO suppression");
  world.pass(1min);
  EXPECT_EQ(world.state(no), State::failed);
  EXPECT_EQ(mailed(mailgun), Calls{});
}

// ---- What outcomes add ----------------------------------------------------------------------

TEST_F(SuppressedTest, ARefusalAloneSuppressesNobody) {
  customers_get(mailgun, [] { return refused_recipient(); });
  send();
  EXPECT_FALSE(listed("x@b.example"));
}

TEST_F(SuppressedTest, ARefusalSuppressesWhereThatIsWanted) {
  world.config.suppression.refused_for = 24h;
  world.reload();
  customers_get(mailgun, [] { return refused_recipient(); });
  send();
  const auto entry = listed("x@b.example");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->reason, SuppressionReason::bounce);
  EXPECT_EQ(entry->source, "refused");
  EXPECT_EQ(entry->sender_domain, "a.example");
  EXPECT_EQ(entry->expires_at, world.now + 24h);
  send();
  EXPECT_EQ(mailed(mailgun), Calls{"x@b.example"});
}

TEST_F(SuppressedTest, AMessageThatIsRefusedSuppressesNobody) {
  world.config.suppression.refused_for = 24h;
  world.reload();
  for (FakeTransport* transport : {&mailgun, &backup})
    customers_get(*transport, [] { return refused_content(); });
  EXPECT_EQ(world.state(send()), State::failed);
  EXPECT_FALSE(listed("x@b.example"));
}

TEST_F(SuppressedTest, TheProvidersOwnListIsHeeded) {
  mailgun.answer = [](const Message&, const std::string&) {
    Outcome outcome = refused_recipient();
    outcome.suppressed = SuppressionReason::complaint;
    outcome.reply = "605 not delivering to previously bounced address";
    return outcome;
  };
  send();
  const auto entry = listed("x@b.example");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->reason, SuppressionReason::complaint);
  EXPECT_EQ(entry->source, "mailgun");
  EXPECT_EQ(entry->detail, "605 not delivering to previously bounced address");
  EXPECT_FALSE(entry->expires_at);
}

}  // namespace
}  // namespace postern::delivery

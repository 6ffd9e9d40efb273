// When the sender hears of recipients that were given up: once, of all of them, whatever happens.
#include <gtest/gtest.h>

#include "delivery/engine.hpp"
#include "world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using State = DeliveryState;
using Reports = std::vector<std::string>;

struct ReportTest : ::testing::Test {
  World world;
  FakeTransport& mailgun = world.transport("mailgun");

  // Refuses whoever is wrong, alone; in company it does not say who that is.
  ReportTest() {
    mailgun.answer = [this](const Message& message, const std::string& recipient) {
      if (message.envelope.sender.empty()) return Outcome::delivered("report taken");
      if (mailgun.calls.back().find(' ') != std::string::npos) return refused_recipient(true);
      return recipient.starts_with("wrong") ? refused_recipient() : Outcome::delivered("ok");
    };
  }
  MessageNo send(std::vector<std::string> recipients) {
    const MessageNo no = world.put("ann@a.example", std::move(recipients));
    world.run();
    return no;
  }
  bool names(std::size_t which, const std::string& recipient) {
    return world.report_text(which).find("Final-Recipient: rfc822; " + recipient) !=
           std::string::npos;
  }
};

TEST_F(ReportTest, TwoWrongRecipientsMakeOneReport) {
  const MessageNo no = send({"wrong1@b.example", "x@b.example", "wrong2@b.example"});
  EXPECT_EQ(world.state(no, 0), State::failed);
  EXPECT_EQ(world.state(no, 1), State::sent);
  EXPECT_EQ(world.state(no, 2), State::failed);
  ASSERT_EQ(world.reports(), Reports{"ann@a.example"});
  EXPECT_TRUE(names(0, "wrong1@b.example"));
  EXPECT_TRUE(names(0, "wrong2@b.example"));
  EXPECT_FALSE(names(0, "x@b.example"));
}

TEST_F(ReportTest, ARefusalWaitsForTheOthersThatAreBeingTried) {
  mailgun.abilities_.concurrency = 1;
  const MessageNo no = world.put("ann@a.example", {"wrong1@b.example", "wrong2@b.example"});
  mailgun.hangs = true;
  world.run();
  world.let_go();  // refused in company: the first single is under way
  world.let_go();  // and refused
  EXPECT_EQ(world.state(no, 0), State::active) << "its record comes with the report";
  EXPECT_TRUE(world.reports().empty());
  world.let_go();
  EXPECT_EQ(world.state(no, 0), State::failed);
  EXPECT_EQ(world.state(no, 1), State::failed);
  EXPECT_EQ(world.reports(), Reports{"ann@a.example"});
}

TEST_F(ReportTest, ARefusalDoesNotWaitLongForASlowOther) {
  mailgun.abilities_.concurrency = 1;
  const MessageNo no = world.put("ann@a.example", {"wrong1@b.example", "wrong2@b.example"});
  mailgun.hangs = true;
  world.run();
  world.let_go();
  world.let_go();
  world.pass(9s);
  EXPECT_TRUE(world.reports().empty());
  world.pass(2s);
  EXPECT_EQ(world.state(no, 0), State::failed);
  EXPECT_EQ(world.reports().size(), 1U);
  EXPECT_TRUE(names(0, "wrong1@b.example"));
  world.let_go();
  world.let_go();
  ASSERT_EQ(world.reports().size(), 2U);
  EXPECT_FALSE(names(1, "wrong1@b.example"));
  EXPECT_TRUE(names(1, "wrong2@b.example"));
}

TEST_F(ReportTest, WhoIsTriedAgainLaterIsNotWaitedFor) {
  mailgun.answer = [](const Message&, const std::string& recipient) {
    return recipient.starts_with("wrong") ? refused_recipient() : greylisted();
  };
  const MessageNo no = send({"grey@b.example", "wrong@b.example"});
  EXPECT_EQ(world.state(no, 0), State::deferred);
  EXPECT_EQ(world.state(no, 1), State::failed);
  EXPECT_EQ(world.reports().size(), 1U);
}

TEST_F(ReportTest, AKillWhileARefusalWaitsLosesNoReport) {
  mailgun.abilities_.concurrency = 1;
  const MessageNo no = world.put("ann@a.example", {"wrong1@b.example", "wrong2@b.example"});
  mailgun.hangs = true;
  world.run();
  world.let_go();
  world.let_go();
  mailgun.hangs = false;
  world.restart();
  EXPECT_EQ(world.state(no, 0), State::uncertain);
  world.pass(1min);
  EXPECT_EQ(world.state(no, 0), State::failed);
  EXPECT_EQ(world.state(no, 1), State::failed);
  EXPECT_EQ(world.reports(), Reports{"ann@a.example"});
}

TEST_F(ReportTest, StoppingWaitsForNobody) {
  mailgun.abilities_.concurrency = 1;
  const MessageNo no = world.put("ann@a.example", {"wrong1@b.example", "wrong2@b.example"});
  mailgun.hangs = true;
  world.run();
  world.let_go();
  world.let_go();
  world.engine->stop(world.now);
  world.run();
  EXPECT_EQ(world.state(no, 0), State::failed);
  EXPECT_EQ(world.reports().size(), 1U);
}

}  // namespace
}  // namespace postern::delivery

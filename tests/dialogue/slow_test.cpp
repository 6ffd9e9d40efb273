// Clients that are silent, slow or many, against the real server under a clock that the test moves:
// nothing here waits. What Pace decides is tests/unit/smtpd/pace_test.cpp's; here it is heard on
// the wire, with nothing queued and the next session served.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/dialogue/next_session.hpp"
#include "tests/dialogue/socket_line.hpp"
#include "tests/dialogue/world.hpp"

namespace postern::smtpd::dialogue {
namespace {

using namespace std::chrono_literals;

const std::string kIdle = "421 4.4.2 Nothing was heard for too long; connect again\r\n";
const std::string kTooSlow =
    "421 4.4.2 The message comes too slowly or not at all; connect and send it again\r\n";
const std::string kBusy =
    "421 4.3.2 Too many connections; the relay is busy, please try again in a moment\r\n";
const std::string kHeader = "From: a@product.com\r\n\r\n";

class SlowClient : public testing::Test {
 protected:
  void open(std::vector<std::string> settings = {}) {
    listener_.settings = std::move(settings);
    world_.emplace(listener_, false);
    world_->open();
    line_.emplace(world_->port());
    ASSERT_EQ(line_->line(), kGreeting);
  }
  void begin_message() {
    line_->say("EHLO client.example\r\n");
    line_->say("MAIL FROM:<a@product.com>\r\n");
    line_->say("RCPT TO:<c@example.org>\r\n");
    ASSERT_EQ(line_->say("DATA\r\n").substr(0, 3), "354");
  }
  /// The server looks at the clock when it has read something.
  void pass(Duration time, const std::string& then) {
    world_->settle();
    world_->clock.advance(time);
    line_->send(then);
    world_->settle();
  }
  void expect_end(const std::string& last_words) {
    EXPECT_EQ(line_->line(), last_words);
    EXPECT_EQ(line_->line(), "");
    line_->hang_up();
    EXPECT_TRUE(next_session_is_served(*world_, listener_, false));
    EXPECT_EQ(world_->queued().size(), 1U) << "the next session's only";
    EXPECT_EQ(world_->store->loose_bodies(), 0U);
  }

  Case listener_;
  std::optional<World> world_;
  std::optional<SocketLine> line_;
};

TEST_F(SlowClient, SilenceOf300SecondsEndsWith421) {
  open();
  pass(301s, "N");
  expect_end(kIdle);
}

TEST_F(SlowClient, SilenceOf299SecondsIsNone) {
  open();
  pass(299s, "NOOP\r\n");
  EXPECT_EQ(line_->line(), "250 2.0.0 Ok\r\n");
}

TEST_F(SlowClient, BytesThatTrickleInAreNoCommand) {
  open();
  pass(150s, "N");
  pass(151s, "O");
  expect_end(kIdle);
}

TEST_F(SlowClient, SilenceInTheMiddleOfAMessageEndsIt) {
  open();
  begin_message();
  line_->send(kHeader);
  pass(301s, "x");
  expect_end(kTooSlow);
}

TEST_F(SlowClient, AMessageThatTricklesIsNotWaitedFor) {
  open();
  begin_message();
  line_->send(kHeader);
  pass(100s, "x");
  pass(100s, "y");
  expect_end(kTooSlow);
}

TEST_F(SlowClient, AMessageThatTakesItsTimeIsTaken) {
  open();
  begin_message();
  line_->send(kHeader);
  pass(100s, "x");
  pass(70s, "y\r\n.\r\n");
  EXPECT_EQ(line_->line().substr(0, 3), "250");
}

TEST_F(SlowClient, AnHourOfNoopsIsEnough) {
  open();
  for (int i = 0; i < 14; ++i) {
    pass(250s, "NOOP\r\n");
    ASSERT_EQ(line_->line(), "250 2.0.0 Ok\r\n") << i;
  }
  pass(101s, "N");
  expect_end(kIdle);
}

TEST_F(SlowClient, TenSecondsAreAllWhenOthersWantThePlace) {
  open({"max-connections 10"});
  std::vector<std::unique_ptr<SocketLine>> others;
  for (int i = 0; i < 6; ++i) {
    others.push_back(std::make_unique<SocketLine>(world_->port()));
    ASSERT_EQ(others.back()->line(), kGreeting);
  }
  pass(11s, "N");
  EXPECT_EQ(line_->line(), kIdle);
  EXPECT_EQ(line_->line(), "");
}

TEST_F(SlowClient, OneAddressHasSoManyPlaces) {
  open({"max-per-address 2"});
  SocketLine second(world_->port());
  EXPECT_EQ(second.line(), kGreeting);
  SocketLine third(world_->port());
  EXPECT_EQ(third.line(), kBusy);
  EXPECT_EQ(third.line(), "");
  SocketLine elsewhere(world_->port(), "127.7.7.8");
  EXPECT_EQ(elsewhere.line(), kGreeting);
}

TEST_F(SlowClient, AllAddressesTogetherHaveSoManyPlaces) {
  open({"max-connections 2"});
  SocketLine second(world_->port(), "127.7.7.8");
  EXPECT_EQ(second.line(), kGreeting);
  SocketLine third(world_->port(), "127.7.7.9");
  EXPECT_EQ(third.line(), kBusy);
  EXPECT_EQ(line_->say("QUIT\r\n"), "221 2.0.0 Bye\r\n");
}

}  // namespace
}  // namespace postern::smtpd::dialogue

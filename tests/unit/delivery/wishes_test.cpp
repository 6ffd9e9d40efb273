// What clients may wish for beside delivery, over the real store: deadlines (RFC 2852), holds (RFC
// 4865) and TLS all the way (RFC 8689).
#include "delivery/wishes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/delivery/world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

constexpr const char* kSender = "anna@product-a.com";

class Wishes : public ::testing::Test {
 protected:
  Wishes() {
    way.answer = [this](const auto&, const auto&) { return outcome; };
  }
  void put() {
    no = world.put(kSender, {"bob@x.example"});
    world.run();
  }
  void deliver_by(Duration within, bool or_return) {
    world.asked =
        Options{.deliver_by = DeliverBy{.at = world.now + within, .or_return = or_return}};
  }

  std::ptrdiff_t calls_for_bob() const {
    return std::count(way.calls.begin(), way.calls.end(), "bob@x.example");
  }

  World world;
  FakeTransport& way = world.transport("a");
  Outcome outcome = Outcome::delivered("250 ok");
  MessageNo no{};
};

TEST_F(Wishes, LateMailGoesBackAtItsTime) {
  deliver_by(10min, true);
  outcome = temporary();
  put();
  world.pass(9min + 50s);
  EXPECT_EQ(world.told(), Lines{});
  const auto tries = calls_for_bob();
  outcome = Outcome::delivered("250 ok");
  world.pass(11s);
  EXPECT_EQ(world.state(no), DeliveryState::expired);
  EXPECT_EQ(world.told(), Lines{"failed bob@x.example 5.4.7"});
  EXPECT_EQ(calls_for_bob(), tries) << "nothing is handed over once the time is over";
}

TEST_F(Wishes, MailInTimeIsMail) {
  deliver_by(10min, true);
  outcome = temporary();
  put();
  world.pass(5min);
  outcome = Outcome::delivered("250 ok");
  world.pass(5min);
  EXPECT_EQ(world.state(no), DeliveryState::sent);
  EXPECT_EQ(world.told(), Lines{});
}

TEST_F(Wishes, LateMailGoesBackThoughEveryWayIsShut) {
  deliver_by(10min, true);
  outcome = blocked(world.now + 24h);
  put();
  world.pass(10min + 1s);
  EXPECT_EQ(world.told(), Lines{"failed bob@x.example 5.4.7"});
}

TEST_F(Wishes, MailThatWaitsForAPlaceGoesBackAtItsTime) {
  way.abilities_.concurrency = 1;
  way.hangs = true;
  for (int i = 0; i < 4; ++i) world.put(kSender, {"eve@x.example"});
  deliver_by(10min, true);
  put();
  world.pass(11min);
  way.hangs = false;
  world.let_go();
  world.pass(1min);
  EXPECT_EQ(world.state(no), DeliveryState::expired);
  EXPECT_EQ(world.arrivals(no, "bob@x.example"), 0u);
}

TEST_F(Wishes, LateMailThatMayBeLateIsReportedAndGoesOn) {
  deliver_by(10min, false);
  outcome = temporary();
  put();
  world.pass(10min + 1s);
  EXPECT_EQ(world.told(), Lines{"delayed bob@x.example 4.4.7"});
  outcome = Outcome::delivered("250 ok");
  world.pass(2h);
  EXPECT_EQ(world.state(no), DeliveryState::sent);
  EXPECT_EQ(world.told().size(), 1u);
}

TEST_F(Wishes, HeldMailGoesAtItsTime) {
  world.asked = Options{.hold_until = world.now + 2h};
  put();
  EXPECT_EQ(world.state(no), DeliveryState::deferred);
  world.pass(1h + 59min);
  EXPECT_TRUE(way.calls.empty());
  world.pass(1min);
  EXPECT_EQ(world.state(no), DeliveryState::sent);
}

TEST_F(Wishes, AHoldOutlivesARestartAndAWayThatOpens) {
  outcome = blocked(world.now + 10min);
  put();
  outcome = Outcome::delivered("250 ok");
  world.asked = Options{.hold_until = world.now + 2h};
  put();
  world.restart();
  world.pass(1h);
  EXPECT_EQ(world.state(no), DeliveryState::deferred);
  world.pass(1h + 1s);
  EXPECT_EQ(world.state(no), DeliveryState::sent);
}

TEST_F(Wishes, AnOperatorMayEndAHold) {
  world.asked = Options{.hold_until = world.now + 2h};
  put();
  world.steer(queue::Steer::Verb::retry);
  EXPECT_EQ(world.state(no), DeliveryState::sent);
}

TEST_F(Wishes, HeldMailHasItsWholeTimeAfterTheHold) {
  world.asked = Options{.hold_until = world.now + 100h};
  put();
  EXPECT_EQ(world.delivery(no).expires_at, world.now + 100h + world.config.queue.expire_after);
}

TEST_F(Wishes, TlsAllTheWayGoesOnlyWhereItIsPromised) {
  FakeTransport& safe = world.transport("b");
  safe.abilities_.require_tls = true;
  world.asked = Options{.require_tls = true};
  put();
  EXPECT_TRUE(way.calls.empty());
  EXPECT_EQ(safe.calls, Lines{"bob@x.example"});
}

TEST_F(Wishes, TlsAllTheWayThatNobodyPromisesGoesBack) {
  world.asked = Options{.ret = Options::Return::full, .require_tls = true};
  put();
  EXPECT_EQ(calls_for_bob(), 0);
  EXPECT_EQ(world.state(no), DeliveryState::failed);
  // The report itself may go without; it holds the header only.
  EXPECT_EQ(world.told(), Lines{"failed bob@x.example 5.7.30"});
}

TEST_F(Wishes, UrgentMailOvertakesWhatWaits) {
  way.abilities_.concurrency = 1;
  way.hangs = true;
  for (int i = 0; i < 5; ++i) world.put(kSender, {"eve@x.example"});
  world.priority = 5;
  put();
  way.hangs = false;
  world.let_go();
  world.run();
  const auto place = std::find(way.calls.begin(), way.calls.end(), "bob@x.example");
  EXPECT_LT(place - way.calls.begin(), 4) << "before those that had no place yet";
}

}  // namespace
}  // namespace postern::delivery

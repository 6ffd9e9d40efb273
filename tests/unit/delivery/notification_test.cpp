// Delivery status notifications as the sender gets them (RFC 3461), over the real store.
#include <gtest/gtest.h>

#include "tests/unit/delivery/world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

constexpr const char* kSender = "anna@product-a.com";

RecipientOptions notify(Notify wish) {
  return {.notify = wish, .original_recipient = {}};
}

class Notification : public ::testing::Test {
 protected:
  Notification() {
    way.answer = [this](const auto&, const auto&) { return outcome; };
  }
  void ask(std::vector<RecipientOptions> recipients) {
    world.asked = Options{.recipients = std::move(recipients)};
  }
  void put(std::vector<std::string> recipients) {
    no = world.put(kSender, std::move(recipients));
    world.run();
  }

  World world;
  FakeTransport& way = world.transport("a");
  Outcome outcome = Outcome::delivered("250 ok");
  MessageNo no{};
};

TEST_F(Notification, OfSuccessSaysWhoseWordItIs) {
  ask({notify({.success = true})});
  put({"bob@x.example"});
  EXPECT_EQ(world.told(), Lines{"relayed bob@x.example 2.0.0"});
  outcome.onward = Onward::arrived;
  put({"eve@x.example"});
  EXPECT_EQ(world.told().back(), "delivered eve@x.example 2.0.0");
  EXPECT_EQ(world.reports(), (Lines{kSender, kSender}));
}

TEST_F(Notification, OfSuccessIsLeftToTheNextHopThatTookItOver) {
  ask({notify({.success = true})});
  outcome.onward = Onward::tells;
  put({"bob@x.example"});
  EXPECT_EQ(world.told(), Lines{});
}

TEST_F(Notification, IsPerRecipient) {
  ask({notify({.success = true}), notify({}), notify({.failure = true})});
  put({"bob@x.example", "eve@x.example", "joe@x.example", "kim@x.example"});
  EXPECT_EQ(world.told(), Lines{"relayed bob@x.example 2.0.0"});
  outcome = refused_recipient();
  put({"bob@x.example", "eve@x.example", "joe@x.example", "kim@x.example"});
  EXPECT_EQ(world.told(), (Lines{"relayed bob@x.example 2.0.0", "failed joe@x.example 5.1.1",
                                 "failed kim@x.example 5.1.1"}));
}

TEST_F(Notification, OfDelayComesOnceAtItsTime) {
  world.config.queue.delay_notice = 4h;
  ask({notify({.delay = true}), notify({.failure = true})});
  outcome = temporary();
  put({"bob@x.example", "eve@x.example"});
  world.pass(3h + 59min);
  EXPECT_EQ(world.told(), Lines{});
  world.pass(2min);
  EXPECT_EQ(world.told(), Lines{"delayed bob@x.example 4.0.0"});
  world.restart();
  world.pass(20h);
  EXPECT_EQ(world.told().size(), 1u);
  outcome = Outcome::delivered("250 ok");
  world.pass(4h);
  EXPECT_EQ(world.state(no), DeliveryState::sent);
  EXPECT_EQ(world.told().size(), 1u);
}

TEST_F(Notification, OfDelayComesWhileEveryWayIsShut) {
  world.config.queue.delay_notice = 4h;
  ask({notify({.delay = true})});
  outcome = blocked(world.now + 24h);
  put({"bob@x.example"});
  const std::size_t calls = way.calls.size();
  world.pass(4h + 1s);
  EXPECT_EQ(world.told(), Lines{"delayed bob@x.example 4.0.0"});
  EXPECT_EQ(way.calls.size(), calls) << "a shut way is not tried for the notice's sake";
  world.pass(10h);
  EXPECT_EQ(world.told().size(), 1u);
}

TEST_F(Notification, OfAnEndIsKeptBackWhenNobodyWantsIt) {
  ask({notify({}), notify({.success = true})});
  outcome = refused_recipient();
  put({"bob@x.example", "eve@x.example"});
  EXPECT_EQ(world.state(no, 0), DeliveryState::failed);
  EXPECT_EQ(world.told(), Lines{});
  world.config.queue.expire_after = 1h;
  world.reload();
  outcome = temporary();
  put({"bob@x.example", "eve@x.example"});
  world.pass(6h);
  EXPECT_EQ(world.state(no, 0), DeliveryState::expired);
  EXPECT_EQ(world.told(), Lines{});
}

TEST_F(Notification, OutlivesARestart) {
  ask({notify({.success = true})});
  outcome = temporary();
  put({"bob@x.example"});
  world.restart();
  outcome = Outcome::delivered("250 ok");
  world.pass(10min);
  EXPECT_EQ(world.told(), Lines{"relayed bob@x.example 2.0.0"});
}

}  // namespace
}  // namespace postern::delivery

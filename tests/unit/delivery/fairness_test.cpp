// Sender domains share what there is: places at a transport, memory, and what is read of the store.
#include <gtest/gtest.h>

#include <algorithm>

#include "world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

struct FairnessTest : ::testing::Test {
  World world;
  FakeTransport& mailgun = world.transport("mailgun");

  void flood(int messages, const std::string& domain = "flood.example") {
    for (int i = 0; i < messages; ++i) world.put("news@" + domain, {"r@" + domain});
    world.run();
  }
  /// How many calls were made until that recipient's.
  std::size_t calls_until(const std::string& recipient) {
    const auto found = std::ranges::find(mailgun.calls, recipient);
    return static_cast<std::size_t>(found - mailgun.calls.begin());
  }
};

TEST_F(FairnessTest, StoredFloodDoesNotKeepAnothersMailUnread) {
  world.config.queue.memory_messages = 8;
  mailgun.abilities_.rate_per_second = 2;
  flood(120);
  mailgun.calls.clear();
  world.restart();
  flood(20);
  world.put("ann@calm.example", {"x@calm.example"});
  world.pass(20s);
  EXPECT_LT(calls_until("x@calm.example"), 20U);
  world.pass(2min);
  EXPECT_EQ(mailgun.arrived.size(), 141U) << "the flood is read to its end as well";
}

TEST_F(FairnessTest, MailThatWaitsForASlowTransportDoesNotKeepOthersUnread) {
  world.config.queue.memory_messages = 8;
  world.transport("slow").abilities_.rate_per_second = 0.001;
  world.config.domains = {{.name = "slow.example", .transports = {"slow"}},
                          {.name = "*", .transports = {"mailgun"}}};
  flood(30, "slow.example");
  world.restart();
  world.put("ann@calm.example", {"x@calm.example"});
  world.engine->suspend("mailgun", "", 1min, "maintenance", world.now);
  world.put("ann@calm.example", {"y@calm.example"});
  world.pass(2min);
  EXPECT_EQ(mailgun.arrived.size(), 2U);
}

TEST_F(FairnessTest, ReplyOvertakesABulkMailingOfAllDomains) {
  mailgun.abilities_.rate_per_second = 1;
  world.priority = -4;
  for (const char* domain : {"a.example", "b.example", "c.example"}) flood(20, domain);
  world.priority = 0;
  world.put("ann@d.example", {"x@d.example"});
  const std::size_t before = mailgun.calls.size();
  world.pass(2s);
  EXPECT_LE(calls_until("x@d.example"), before + 1);
}

TEST_F(FairnessTest, StoredReplyOvertakesTheStoredMailingOfItsOwnDomain) {
  world.config.queue.memory_messages = 8;
  mailgun.abilities_.rate_per_second = 1;
  world.priority = -4;
  flood(60);
  world.priority = 0;
  world.put("ann@flood.example", {"x@flood.example"});
  mailgun.calls.clear();
  world.restart();
  world.pass(30s);
  EXPECT_LE(calls_until("x@flood.example"), 10U);
}

}  // namespace
}  // namespace postern::delivery

// What is due is read a little of every sender domain, the urgent first.
#include <gtest/gtest.h>

#include "store_contract.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

Names domains_of(const Due& due) {
  Names domains;
  for (const Stored& stored : due.messages) domains.push_back(stored.message->sender_domain);
  return domains;
}

TEST_P(StoreContract, DueFloodOfOneDomainDoesNotHideAnothers) {
  for (int i = 0; i < 40; ++i) put_of("flood.example", 0, queued(kNow - 1h));
  put_of("calm.example");
  put_of("late.example");
  const Due due = store_->reader().due(
      {.now = kNow, .limit = 20, .room = [](const std::string&) { return 3U; }});
  EXPECT_EQ(domains_of(due), (Names{"calm.example", "flood.example", "flood.example",
                                    "flood.example", "late.example"}));
  EXPECT_EQ(due.has_more, Names{"flood.example"});
  EXPECT_TRUE(due.is_complete);
}

TEST_P(StoreContract, DueGoesRoundAndOnWhereItEnded) {
  for (const char* domain : {"a.example", "b.example", "c.example"}) {
    put_of(domain);
    put_of(domain);
  }
  const Due first = store_->reader().due({.now = kNow, .limit = 3});
  EXPECT_EQ(domains_of(first), (Names{"a.example", "a.example", "b.example"}));
  EXPECT_FALSE(first.is_complete);
  const Due second =
      store_->reader().due({.now = kNow, .limit = 3, .after_domain = first.last_domain});
  EXPECT_EQ(domains_of(second), (Names{"c.example", "c.example", "a.example"}));
  const Due all = store_->reader().due({.now = kNow, .limit = 9, .after_domain = "b.example"});
  EXPECT_TRUE(all.is_complete);
  EXPECT_EQ(all.messages.size(), 6U);
}

TEST_P(StoreContract, DuePassesOverADomainWithoutRoom) {
  put_of("a.example");
  put_of("b.example");
  const Due due = store_->reader().due(
      {.now = kNow, .limit = 9, .room = [](const std::string& domain) -> std::uint32_t {
         return domain == "a.example" ? 0 : 9;
       }});
  EXPECT_EQ(domains_of(due), Names{"b.example"});
  EXPECT_EQ(due.has_more, Names{"a.example"});
}

TEST_P(StoreContract, DueHasMailOfNoDomain) {
  put_of("");
  put_of("a.example");
  EXPECT_EQ(domains_of(store_->reader().due({.now = kNow, .limit = 9})), (Names{"", "a.example"}));
  const Due rest = store_->reader().due({.now = kNow, .limit = 9, .after_domain = "a.example"});
  EXPECT_EQ(domains_of(rest), (Names{"", "a.example"}));
}

TEST_P(StoreContract, DueHasTheUrgentFirstAlsoAfterARestart) {
  const MessageNo bulk = put_of("a.example", -4, queued(kNow - 2h));
  const MessageNo reply = put_of("a.example", 0, queued(kNow - 1h));
  const MessageNo urgent = put_of("a.example", 6);
  reopen();
  std::vector<MessageNo> order;
  for (const Stored& stored : due()) order.push_back(stored.message->no);
  EXPECT_EQ(order, (std::vector{urgent, reply, bulk}));
}

TEST_P(StoreContract, DueHasNothingUnderWayOrHeld) {
  put_of("a.example", 0, active());
  put_of("a.example", 0, {DeliveryState::held, "", "why", kNow, kNow});
  EXPECT_TRUE(due().empty());
}

}  // namespace
}  // namespace postern::queue

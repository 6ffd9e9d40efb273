// Finding messages by the ids they go by.
#include "tests/contract/queue/store_contract.hpp"

namespace postern::queue {
TEST_P(StoreContract, AMessageIsFoundByItsMessageId) {
  const auto sent = put({"a@x.example"});
  Reader& reader = store_->reader();
  for (const char* id : {"<1@product-a.com>", "1@product-a.com", " <1@product-a.com>\r\n"})
    EXPECT_EQ(reader.trace(id, 10), std::vector{sent->no}) << id;
  for (const char* id :
       {"<1@product-a.co>", "<1@PRODUCT-A.com>", "", "<>", "%", "1@product-a.com>"})
    EXPECT_TRUE(reader.trace(id, 10).empty()) << id;
}

TEST_P(StoreContract, AMessageIsFoundByOurOwnId) {
  const auto sent = put({"a@x.example"});
  EXPECT_EQ(store_->reader().trace(sent->id(), 10), std::vector{sent->no});
  EXPECT_TRUE(store_->reader().trace(to_id(numbers_.next(kNow)), 10).empty());
}

TEST_P(StoreContract, AMessageIsFoundByWhatProvidersCallIt) {
  const auto sent = put({"a@x.example", "b@x.example"}, active());
  record(*sent, 1, DeliveryState::sent, Outcome::delivered("250 ok", "20261121.1@mg.x.com"));
  record(*sent, 1, DeliveryState::sent, Outcome::delivered("200 ok", "0102-a5-000000"), 1);
  for (const char* id :
       {"20261121.1@mg.x.com", "<20261121.1@mg.x.com>", "0102-a5-000000",
        "<0102-a5-000000@eu-west-1.amazonses.com>", "0102-a5-000000@email.amazonses.com"})
    EXPECT_EQ(store_->reader().trace(id, 10), std::vector{sent->no}) << id;
  EXPECT_TRUE(store_->reader().trace("<0102-a5-000000@evil.example>", 10).empty());
}

TEST_P(StoreContract, TheNewestOfThoseWithOneIdComesFirst) {
  const auto first = put({"a@x.example"});
  const auto second = put({"b@x.example"});
  EXPECT_EQ(store_->reader().trace("<1@product-a.com>", 10), (std::vector{second->no, first->no}));
  EXPECT_EQ(store_->reader().trace("<1@product-a.com>", 1), std::vector{second->no});
}

TEST_P(StoreTrace, IdsAreFoundInRunsAndBesideThem) {
  fill();
  expect_all_found();
  EXPECT_FALSE(commit(IndexIds{kNow}).more) << "none was accepted before";
  EXPECT_EQ(index(), 2) << "2048 messages each; the rest waits";
  expect_all_found();
  reopen();
  expect_all_found();
}

TEST_P(StoreTrace, IdsThatComeLateAreFound) {
  fill();
  index();
  called(7, "late-7");
  called(1000, "late-1000");
  reopen();
  called(2047, "late-2047");
  for (const int i : {7, 1000, 2047})
    EXPECT_EQ(traced("late-" + std::to_string(i)), std::vector{number(i)});
}

TEST_P(StoreTrace, WhatIsPrunedIsNoLongerFound) {
  fill();
  index();
  called(7, "late-7");
  finish_all();
  Prune prune;
  prune.history_before = kLater;
  prune.limit = 1000;
  while (commit(prune).more) {
  }
  EXPECT_TRUE(traced("7@product-a.com").empty());
  EXPECT_TRUE(traced("late-7").empty());
  const auto next = put({"a@x.example"}, queued(), kLater);
  EXPECT_EQ(traced("1@product-a.com"), std::vector{next->no});
}

}  // namespace postern::queue

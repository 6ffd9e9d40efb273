// What every Store promises about second submissions.
#include "tests/contract/queue/store_contract.hpp"

namespace postern::queue {

using namespace std::chrono_literals;

TEST_P(StoreContract, TheSameIsNotStoredTwice) {
  const auto first = again();
  EXPECT_EQ(submit(first).duplicate_of, std::nullopt);
  const auto second = again();
  const Applied applied = submit(second);
  EXPECT_EQ(applied.duplicate_of, first->no);
  EXPECT_EQ(applied.changed, 0u);
  EXPECT_EQ(unfinished(), 1u);
  EXPECT_FALSE(store_->reader().find(second->no));
  const auto found = store_->reader().find(first->no);
  ASSERT_EQ(found->events.size(), 1u);
  EXPECT_EQ(found->events[0].type, "duplicate");
}

TEST_P(StoreContract, AnotherDigestIsAnotherMessage) {
  submit(again(), 'x');
  EXPECT_EQ(submit(again(), 'y').duplicate_of, std::nullopt);
  EXPECT_EQ(unfinished(), 2u);
}

TEST_P(StoreContract, TheWholeDigestCounts) {
  submit(again());
  auto other = again();
  other->submission = std::string(15, 'x') + 'y';
  Put put{other, std::make_shared<const std::string>("bytes"), {active()}};
  put.duplicates_since = kNow - 1h;
  EXPECT_EQ(commit(put).duplicate_of, std::nullopt);
}

TEST_P(StoreContract, TwoInOneTransactionAreOne) {
  const auto first = again();
  const auto second = again();
  first->submission = second->submission = std::string(16, 'x');
  store_->begin();
  const auto put = [&](const std::shared_ptr<Message>& sent) {
    Put change{sent, std::make_shared<const std::string>("bytes"), {active()}};
    change.duplicates_since = kNow - 1h;
    return store_->apply(change);
  };
  EXPECT_EQ(put(first).duplicate_of, std::nullopt);
  EXPECT_EQ(put(second).duplicate_of, first->no);
  store_->commit();
  EXPECT_EQ(unfinished(), 1u);
}

TEST_P(StoreContract, TheWindowOutlivesARestart) {
  const auto first = again();
  submit(first);
  reopen();
  EXPECT_EQ(submit(again(kNow + 59min)).duplicate_of, first->no);
  EXPECT_EQ(submit(again(kNow + 61min)).duplicate_of, std::nullopt);
}

TEST_P(StoreContract, TheWindowCountsFromTheFirst) {
  submit(again());
  EXPECT_TRUE(submit(again(kNow + 40min)).duplicate_of);
  const auto late = again(kNow + 80min);
  EXPECT_FALSE(submit(late).duplicate_of);
  EXPECT_EQ(submit(again(kNow + 90min)).duplicate_of, late->no);
}

TEST_P(StoreContract, WhatWasRolledBackIsNoFirst) {
  const auto lost = again();
  lost->submission = std::string(16, 'x');
  Put put{lost, std::make_shared<const std::string>("bytes"), {active()}};
  put.duplicates_since = kNow - 1h;
  store_->begin();
  store_->apply(put);
  store_->rollback();
  EXPECT_EQ(submit(again()).duplicate_of, std::nullopt);
  EXPECT_EQ(unfinished(), 1u);
}

TEST_P(StoreContract, AFailedFirstDoesNotStandForTheSecond) {
  for (const DeliveryState end :
       {DeliveryState::failed, DeliveryState::expired, DeliveryState::cancelled}) {
    const auto first = message({"a@x.example", "b@x.example"});
    submit(first, static_cast<char>('a' + static_cast<int>(end)));
    record(*first, 1, DeliveryState::sent, Outcome::delivered("ok"), 0);
    EXPECT_TRUE(submit(again(), static_cast<char>('a' + static_cast<int>(end))).duplicate_of);
    record(*first, 1, end, Outcome::unreachable("gone"), 1);
    EXPECT_FALSE(submit(again(), static_cast<char>('a' + static_cast<int>(end))).duplicate_of);
  }
}

TEST_P(StoreContract, WithoutAWindowAllIsStored) {
  submit(again());
  auto second = again();
  second->submission = std::string(16, 'x');
  commit(Put{second, std::make_shared<const std::string>("bytes"), {active()}});
  EXPECT_EQ(unfinished(), 2u);
}

}  // namespace postern::queue

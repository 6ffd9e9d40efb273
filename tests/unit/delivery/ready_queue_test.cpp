#include "delivery/ready_queue.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

struct ReadyQueueTest : ::testing::Test {
  ReadyQueue queue;
  void push(DomainIndex domain, std::uint32_t mark, int priority = 0) {
    queue.push(job(domain, mark, priority));
  }
  static std::unique_ptr<Job> job(DomainIndex domain, std::uint32_t mark, int priority = 0) {
    auto made = std::make_unique<Job>();
    auto message = std::make_shared<Message>();
    message->priority = priority;
    made->message = std::move(message);
    made->domain = domain;
    made->deliveries.push_back({.index = mark});
    return made;
  }
  std::vector<std::uint32_t> pop_all() {
    std::vector<std::uint32_t> marks;
    while (!queue.empty()) {
      const bool bulk = queue.is_bulks_turn() || queue.of(false).empty();
      marks.push_back(queue.pop(queue.of(bulk))->deliveries[0].index);
    }
    return marks;
  }
};
using Marks = std::vector<std::uint32_t>;

TEST_F(ReadyQueueTest, FirstInFirstOutWithinADomain) {
  push(3, 1), push(3, 2), push(3, 3);
  EXPECT_EQ(queue.size(), 3U);
  EXPECT_EQ(pop_all(), (Marks{1, 2, 3}));
}

TEST_F(ReadyQueueTest, TheMoreUrgentComesFirstWithinItsDomain) {
  push(0, 1), push(0, 3), push(0, 4, 5), push(0, 5, 5), push(0, 6, 9), push(7, 10);
  EXPECT_EQ(pop_all(), (Marks{6, 10, 4, 5, 1, 3}));
}

TEST_F(ReadyQueueTest, DomainsTakeTurns) {
  push(0, 1), push(0, 2), push(0, 3), push(7, 10), push(9, 20), push(9, 21);
  EXPECT_EQ(pop_all(), (Marks{1, 10, 20, 2, 21, 3}));
}

TEST_F(ReadyQueueTest, BulkOfEveryDomainStandsBehindTheRest) {
  push(0, 1, -4), push(0, 2, -9), push(7, 3, -4), push(0, 4), push(9, 5);
  EXPECT_EQ(pop_all(), (Marks{4, 5, 1, 3, 2}));
}

TEST_F(ReadyQueueTest, BulkHasOnePlaceInEight) {
  for (std::uint32_t mark = 1; mark <= 16; ++mark) push(0, mark);
  push(3, 100, -4), push(3, 101, -4);
  EXPECT_EQ(pop_all(), (Marks{1, 2, 3, 4, 5, 6, 7, 100, 8, 9, 10, 11, 12, 13, 14, 101, 15, 16}));
}

TEST_F(ReadyQueueTest, RestOfAJobStaysFirst) {
  push(0, 1), push(0, 2);
  queue.push_front(job(0, 9));
  EXPECT_EQ(pop_all(), (Marks{9, 1, 2}));
}

TEST_F(ReadyQueueTest, PassingGivesTheNextDomainItsTurn) {
  push(0, 1), push(5, 2);
  Turns& turns = queue.of(false);
  EXPECT_EQ(turns.turn(), 0);
  turns.pass();
  EXPECT_EQ(turns.turn(), 5);
  EXPECT_EQ(turns.domains(), 2U);
}

TEST_F(ReadyQueueTest, TakesADomainsJobsInOrder) {
  push(0, 1), push(5, 2), push(0, 3);
  const auto taken = queue.of(false).take_turns_jobs();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[1]->deliveries[0].index, 3U);
  EXPECT_EQ(pop_all(), Marks{2});
}

TEST(Portion, CutsWhatOneCallMayCarry) {
  Job job;
  for (std::uint32_t i = 0; i < 5; ++i) job.deliveries.push_back({.index = i});
  EXPECT_EQ(portion(job, 2)->deliveries.size(), 2U);
  EXPECT_EQ(job.deliveries.front().index, 2U);
  job.singly = true;
  const auto single = portion(job, 2);
  EXPECT_EQ(single->deliveries.size(), 1U);
  EXPECT_TRUE(single->singly);
  job.singly = false;
  EXPECT_EQ(portion(job, 100)->deliveries.size(), 2U);
  EXPECT_TRUE(job.deliveries.empty());
}

}  // namespace
}  // namespace postern::delivery

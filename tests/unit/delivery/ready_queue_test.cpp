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
    while (!queue.empty()) marks.push_back(queue.pop()->deliveries[0].index);
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
  push(0, 1), push(0, 2, -3), push(0, 3), push(0, 4, 5), push(0, 5, 5), push(0, 6, 9), push(7, 10);
  EXPECT_EQ(pop_all(), (Marks{6, 10, 4, 5, 1, 3, 2}));
}

TEST_F(ReadyQueueTest, DomainsTakeTurns) {
  push(0, 1), push(0, 2), push(0, 3), push(7, 10), push(9, 20), push(9, 21);
  EXPECT_EQ(pop_all(), (Marks{1, 10, 20, 2, 21, 3}));
}

TEST_F(ReadyQueueTest, RestOfAJobStaysFirst) {
  push(0, 1), push(0, 2);
  queue.push_front(job(0, 9));
  EXPECT_EQ(pop_all(), (Marks{9, 1, 2}));
}

TEST_F(ReadyQueueTest, PassingGivesTheNextDomainItsTurn) {
  push(0, 1), push(5, 2);
  EXPECT_EQ(queue.turn(), 0);
  queue.pass();
  EXPECT_EQ(queue.turn(), 5);
  EXPECT_EQ(queue.domains(), 2U);
}

TEST_F(ReadyQueueTest, TakesADomainsJobsInOrder) {
  push(0, 1), push(5, 2), push(0, 3);
  const auto taken = queue.take_turns_jobs();
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

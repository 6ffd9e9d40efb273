#include "queue/suppression_index.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace postern::queue {
namespace {

std::string address(std::size_t number) {
  return "customer-" + std::to_string(number) + "@example.net";
}

TEST(SuppressionIndex, KnowsWhatWasAddedAndHardlyAnythingElse) {
  SuppressionIndex index;
  EXPECT_FALSE(index.may_contain(address(0)));
  for (std::size_t i = 0; i < 10'000; ++i) index.add(address(i));
  std::size_t mistaken = 0;
  for (std::size_t i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(index.may_contain(address(i))) << i;
    if (index.may_contain(address(i + 10'000))) ++mistaken;
  }
  EXPECT_EQ(mistaken, 0U);
}

TEST(SuppressionIndex, TakesNoNoticeOfCase) {
  SuppressionIndex index;
  index.add("Ann.Smith@Example.NET");
  EXPECT_TRUE(index.may_contain("ann.smith@example.net"));
  EXPECT_TRUE(index.may_contain("ANN.SMITH@EXAMPLE.NET"));
  EXPECT_FALSE(index.may_contain("ann.smyth@example.net"));
}

// '[' and '{' differ by the bit that tells letters' cases apart, too.
TEST(SuppressionIndex, FoldsLettersOnly) {
  SuppressionIndex index;
  index.add("a@[192.0.2.1]");
  EXPECT_FALSE(index.may_contain("a@{192.0.2.1]"));
}

TEST(SuppressionIndex, ReservedRoomIsUsed) {
  SuppressionIndex index(2048);
  index.reserve(1200);
  for (std::size_t i = 0; i < 1200; ++i) index.add(address(i));
  EXPECT_TRUE(index.may_contain(address(1199)));
  EXPECT_FALSE(index.may_contain(address(5000)));
}

TEST(SuppressionIndex, WhenFullItSaysPerhapsToEverything) {
  SuppressionIndex index(1024);
  for (std::size_t i = 0; i < 768; ++i) index.add(address(i));
  EXPECT_FALSE(index.may_contain(address(5000)));
  index.add(address(768));
  EXPECT_TRUE(index.may_contain(address(768)));
  EXPECT_TRUE(index.may_contain(address(5000)));
}

TEST(SuppressionIndex, MoreThanCanBeReservedIsPerhapsEverybody) {
  SuppressionIndex index(1024);
  index.reserve(5000);
  index.add(address(1));
  EXPECT_TRUE(index.may_contain(address(1)));
  EXPECT_TRUE(index.may_contain(address(2)));
}

// What was in it before somebody began to ask is found at any moment, however much it grows.
TEST(SuppressionIndex, IsAskedWhileItGrows) {
  SuppressionIndex index;
  index.add(address(0));
  std::atomic<bool> done{false};
  std::size_t missed = 0;
  std::thread asking([&] {
    while (!done)
      if (!index.may_contain(address(0))) ++missed;
  });
  for (std::size_t i = 1; i < 100'000; ++i) index.add(address(i));
  done = true;
  asking.join();
  EXPECT_EQ(missed, 0U);
}

}  // namespace
}  // namespace postern::queue

#include "queue/recent_submissions.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::queue {
namespace {

constexpr MessageNo kAll{1};

// Spread like a digest's bytes.
std::string digest(std::uint64_t number) {
  std::uint64_t mixed = (number + 1) * 0x9E3779B97F4A7C15ULL;
  mixed ^= mixed >> 29;
  return {reinterpret_cast<const char*>(&mixed), sizeof mixed};
}

MessageNo no(std::uint64_t number) {
  return MessageNo{static_cast<std::int64_t>(number)};
}

TEST(RecentSubmissions, RemembersTheLatestOfEachDigest) {
  RecentSubmissions recent;
  EXPECT_EQ(recent.find(digest(1), kAll), std::nullopt);
  recent.add(digest(1), no(10), kAll);
  recent.add(digest(2), no(20), kAll);
  EXPECT_EQ(recent.find(digest(1), kAll), no(10));
  recent.add(digest(1), no(30), kAll);
  EXPECT_EQ(recent.find(digest(1), kAll), no(30));
  EXPECT_EQ(recent.find(digest(2), kAll), no(20));
  EXPECT_EQ(recent.find(digest(3), kAll), std::nullopt);
}

TEST(RecentSubmissions, DoesNotFindWhatIsTooOld) {
  RecentSubmissions recent;
  recent.add(digest(1), no(10), kAll);
  EXPECT_EQ(recent.find(digest(1), no(10)), no(10));
  EXPECT_EQ(recent.find(digest(1), no(11)), std::nullopt);
}

TEST(RecentSubmissions, GrowsWithWhatIsRecentAndNotWithWhatWas) {
  RecentSubmissions recent;
  for (std::uint64_t i = 1; i <= 100'000; ++i)
    recent.add(digest(i), no(i), no(i > 500 ? i - 500 : 1));
  EXPECT_LE(recent.slots(), 2048u);
  for (std::uint64_t i = 99'501; i <= 100'000; ++i)
    ASSERT_EQ(recent.find(digest(i), no(99'500)), no(i));
  RecentSubmissions all;
  for (std::uint64_t i = 1; i <= 100'000; ++i) all.add(digest(i), no(i), kAll);
  for (std::uint64_t i = 1; i <= 100'000; ++i) ASSERT_EQ(all.find(digest(i), kAll), no(i));
}

TEST(RecentSubmissions, ForgetsTheOldestRatherThanGrowWithoutBound) {
  RecentSubmissions recent(4096);
  for (std::uint64_t i = 1; i <= 100'000; ++i) recent.add(digest(i), no(i), kAll);
  EXPECT_EQ(recent.slots(), 4096u);
  for (std::uint64_t i = 98'001; i <= 100'000; ++i) ASSERT_EQ(recent.find(digest(i), kAll), no(i));
  EXPECT_EQ(recent.find(digest(1), kAll), std::nullopt);
}

}  // namespace
}  // namespace postern::queue

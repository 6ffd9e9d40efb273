#include "core/id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace postern {
namespace {

using namespace std::chrono_literals;

constexpr Time kEpoch = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
constexpr Time kNow =
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 9h + 13min + 7123ms;
constexpr MessageNo kLargest{(std::int64_t{1} << 51) - 1};

TEST(Id, IsSixteenCapitalsAndDigits) {
  for (const MessageNo no : {MessageNo{0}, MessageNo{1}, first_number_of(kNow), kLargest}) {
    const std::string id = to_id(no);
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos) << id;
  }
}

TEST(Id, LeadsBackToItsNumber) {
  for (const MessageNo no : {MessageNo{0}, MessageNo{1}, first_number_of(kNow), kLargest})
    EXPECT_EQ(parse_id(to_id(no)).value(), no);
}

TEST(Id, IsReadInEitherCase) {
  std::string id = to_id(first_number_of(kNow));
  std::transform(id.begin(), id.end(), id.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_EQ(parse_id(id).value(), first_number_of(kNow));
}

TEST(Id, SortsByArrival) {
  EXPECT_LT(to_id(first_number_of(kNow)), to_id(first_number_of(kNow + 1ms)));
  EXPECT_LT(to_id(first_number_of(kNow)), to_id(first_number_of(kNow + 24h * 365 * 20)));
}

TEST(Id, IsRefusedWhenOneCharacterIsMistyped) {
  const std::string id = to_id(first_number_of(kNow));
  for (std::size_t i = 0; i < id.size(); ++i)
    for (const char c : std::string("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) {
      if (c == id[i]) continue;
      std::string mistyped = id;
      mistyped[i] = c;
      EXPECT_FALSE(parse_id(mistyped)) << mistyped;
    }
}

TEST(Id, DoesNotRevealItsNeighbours) {
  const MessageNo no = first_number_of(kNow);
  const std::string mine = to_id(no);
  const std::string next = to_id(MessageNo{to_int(no) + 1});
  std::string guess = next;
  guess.replace(11, 5, mine.substr(11));
  EXPECT_FALSE(parse_id(guess));
}

TEST(Id, IsRefusedWhenItIsNone) {
  const std::string id = to_id(kLargest);
  for (const std::string& text :
       {std::string(), id.substr(1), id + "0", std::string(16, ' '), std::string(16, 'U'),
        std::string(16, '\0'), std::string(100'000, 'A'), std::string("ZZZZZZZZZZZ00000")})
    EXPECT_FALSE(parse_id(text));
  EXPECT_EQ(parse_id("nonsense").error().what, "no such message id: nonsense");
  EXPECT_LT(parse_id(std::string(5000, 'x')).error().what.size(), 100U) << "quoted in part only";
}

TEST(MessageNo, KnowsWhenItWasDrawn) {
  NumberSource source;
  EXPECT_EQ(accepted_time(source.next(kNow)), kNow);
  EXPECT_EQ(accepted_time(first_number_of(kNow)), kNow);
  EXPECT_EQ(accepted_time(MessageNo{0}), kEpoch);
}

TEST(MessageNo, BoundsStayInRange) {
  EXPECT_EQ(first_number_of(kEpoch - 1h), MessageNo{0});
  EXPECT_LE(to_int(first_number_of(kEpoch + 24h * 365 * 200)), to_int(kLargest));
}

TEST(NumberSource, RisesWithinAMillisecondAndBeyondTheCounter) {
  NumberSource source;
  MessageNo last = source.next(kNow);
  for (int i = 0; i < 3000; ++i) {  // three times the counter's room
    const MessageNo no = source.next(kNow);
    ASSERT_GT(to_int(no), to_int(last));
    last = no;
  }
}

TEST(NumberSource, RisesWhenTheClockStepsBack) {
  NumberSource source;
  const MessageNo before = source.next(kNow);
  EXPECT_GT(to_int(source.next(kNow - 1h)), to_int(before));
}

TEST(NumberSource, GoesOnBehindTheStoresHighestNumber) {
  NumberSource source(first_number_of(kNow + 1h));
  EXPECT_GT(to_int(source.next(kNow)), to_int(first_number_of(kNow + 1h)));
  source.raise_to(first_number_of(kNow + 2h));
  source.raise_to(MessageNo{5});
  EXPECT_GT(to_int(source.next(kNow)), to_int(first_number_of(kNow + 2h)));
}

TEST(NumberSource, NeverDrawsTwiceAcrossThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  NumberSource source;
  std::vector<std::vector<std::int64_t>> drawn(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : drawn)
    threads.emplace_back([&source, &mine] {
      for (int i = 0; i < kEach; ++i) mine.push_back(to_int(source.next(kNow + Duration{i / 100})));
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::int64_t> all;
  for (const auto& mine : drawn) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads) * kEach);
}

}  // namespace
}  // namespace postern

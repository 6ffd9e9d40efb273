// A flood at the door is a few lines a second in the log, and nobody is forgotten in their count.
#include "smtpd/refusals.hpp"

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

using namespace std::chrono_literals;

constexpr Tick kBegin{1000h};

TEST(Refusals, EachHasItsLineWhileTheyAreFew) {
  Refusals refusals;
  for (int second = 0; second < 3; ++second)
    for (unsigned i = 0; i < Refusals::kLinesASecond; ++i)
      EXPECT_EQ(refusals.note(kBegin + second * 1s), 0);
}

TEST(Refusals, TheRestOfAFloodIsCounted) {
  Refusals refusals;
  for (unsigned i = 0; i < Refusals::kLinesASecond; ++i) refusals.note(kBegin);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(refusals.note(kBegin + 999ms), std::nullopt);
  EXPECT_EQ(refusals.note(kBegin + 1s), 5000);
  EXPECT_EQ(refusals.note(kBegin + 1s), 0);
}

}  // namespace
}  // namespace postern::smtpd

// Durations, sizes, rates and the retry grammar, both ways.
#include "config/units.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace postern::config {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("90s").value(), 90s);
  EXPECT_EQ(parse_duration("5m").value(), 5min);
  EXPECT_EQ(parse_duration("2h").value(), 2h);
  EXPECT_EQ(parse_duration("3d").value(), 72h);
  EXPECT_EQ(parse_duration("0s").value(), 0ms);
  EXPECT_EQ(parse_duration("3650d").value(), 3650 * 24h);
}

TEST(Duration, IsNothingElse) {
  for (const char* text : {"", "90", "s", "1.5h", "-1s", "+1s", " 1s", "1s ", "1 s", "1S", "1w",
                           "1h30m", "0x10s", "99999999999999999999s", "9223372036854775807d"})
    EXPECT_FALSE(parse_duration(text)) << text;
  EXPECT_EQ(parse_duration("3651d").error().what, "\"3651d\" is longer than ten years");
}

TEST(Duration, IsShownInTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(60s), "1m");
  EXPECT_EQ(format_duration(36h), "36h");
  EXPECT_EQ(format_duration(48h), "2d");
}

TEST(Size, IsANumberAndABinaryUnit) {
  EXPECT_EQ(parse_size("0B").value(), 0U);
  EXPECT_EQ(parse_size("512B").value(), 512U);
  EXPECT_EQ(parse_size("36MiB").value(), 36U * 1024 * 1024);
  EXPECT_EQ(parse_size("10GiB").value(), 10ULL << 30);
  EXPECT_EQ(parse_size("1TiB").value(), 1ULL << 40);
}

TEST(Size, SuggestsTheUnitThatWasMeant) {
  const std::string what = " is not a size: a whole number and B, KiB, MiB, GiB or TiB";
  EXPECT_EQ(parse_size("36MB").error().what, "\"36MB\"" + what + " (did you mean \"36MiB\"?)");
  EXPECT_EQ(parse_size("36m").error().what, "\"36m\"" + what + " (did you mean \"36MiB\"?)");
  EXPECT_EQ(parse_size("10 gib").error().what, "\"10 gib\"" + what + " (did you mean \"10GiB\"?)");
  EXPECT_EQ(parse_size("99999999999GiB").error().what,
            "\"99999999999GiB\" is too large for a size");
  EXPECT_EQ(parse_size("36").error().what, "\"36\"" + what);
  EXPECT_EQ(parse_size("-1KiB").error().what, "\"-1KiB\"" + what);
  EXPECT_FALSE(parse_size("18446744073709551615KiB")) << "would overflow";
}

TEST(Size, IsShownInTheLargestUnitThatFits) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1000), "1000B");
  EXPECT_EQ(format_size(1536), "1536B");
  EXPECT_EQ(format_size(36 * kMiB), "36MiB");
}

TEST(Rate, IsANumberPerUnitOfTime) {
  EXPECT_EQ(parse_rate("50/s").value().per_second, 50);
  EXPECT_EQ(parse_rate("90/m").value().per_second, 1.5);
  EXPECT_EQ(parse_rate("7200/h").value().per_second, 2);
  EXPECT_EQ(parse_rate("86400/d").value().per_second, 1);
}

TEST(Rate, IsNothingElse) {
  for (const char* text : {"", "50", "/s", "50/", "50/week", "1.5/s", "-1/s", "50 /s", "50/s/s"})
    EXPECT_FALSE(parse_rate(text)) << text;
  EXPECT_EQ(parse_rate("0/s").error().what, "a rate is at least 1; leave the key out for no limit");
  EXPECT_FALSE(parse_rate("1000000001/s"));
}

TEST(Rate, ReadsBackAsItIsShown) {
  for (const char* text : {"1/s", "50/s", "7/m", "100/h", "1/d", "999999999/d"}) {
    const Rate rate = parse_rate(text).value();
    EXPECT_EQ(parse_rate(format_rate(rate)).value().per_second, rate.per_second) << text;
  }
  EXPECT_EQ(format_rate(parse_rate("7/m").value()), "7/m");
  EXPECT_EQ(format_rate(Rate{}), "");
}

TEST(Retry, IsAListOfWaitsWithRepetitions) {
  const RetrySchedule schedule = parse_retry("30s, 2m,15m*2 , 3h *").value();
  ASSERT_EQ(schedule.size(), 4U);
  EXPECT_EQ(schedule[0].wait, 30s);
  EXPECT_EQ(schedule[0].times, 1U);
  EXPECT_EQ(schedule[2].wait, 15min);
  EXPECT_EQ(schedule[2].times, 2U);
  EXPECT_EQ(schedule[3].wait, 3h);
  EXPECT_EQ(schedule[3].times, 0U) << "for ever";
}

TEST(Retry, IsNothingElse) {
  for (const char* text : {"", ",", "30s,", "30s,,2m", "30", "30s*0", "30s*x", "30s**", "30s*-1",
                           "*", "30s*10001", "30s*, 2m"})
    EXPECT_FALSE(parse_retry(text)) << text;
  EXPECT_EQ(parse_retry("0s").error().what, "a wait between attempts is at least 1ms");
  EXPECT_EQ(parse_retry("5m*x").error().what,
            "\"x\" is not a number of repetitions from 1 to 10000");
  std::string long_list = "1s";
  for (int i = 0; i < 100; ++i) long_list += ",1s";
  EXPECT_EQ(parse_retry(long_list).error().what, "more than 100 waits");
}

TEST(Retry, IsShownAsItIsWritten) {
  const std::string text = "30s, 2m, 5m, 15m*2, 1h*6, 3h*";
  EXPECT_EQ(format_retry(parse_retry(text).value()), text);
}

}  // namespace
}  // namespace postern::config

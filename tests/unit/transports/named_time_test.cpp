#include <gtest/gtest.h>

#include "transports/classify.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;

// Wed, 05 Aug 2026 18:00:00 UTC
constexpr Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 8 / 5} + 18h;

struct Case {
  const char* name;
  std::string_view text;
  std::string_view retry_after;
  std::optional<Duration> ahead;  // of kNow
};

void PrintTo(const Case& row, std::ostream* out) {
  *out << row.name;
}

class NamedTime : public ::testing::TestWithParam<Case> {};

TEST_P(NamedTime, IsWhatTheProviderSaid) {
  const Case& row = GetParam();
  const auto time = named_time(row.text, row.retry_after, kNow);
  if (!row.ahead) {
    EXPECT_FALSE(time) << to_rfc3339(*time);
    return;
  }
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), to_rfc3339(kNow + *row.ahead));
}

constexpr auto kName = [](const auto& info) { return std::string(info.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Header, NamedTime,
    ::testing::Values(Case{"Seconds", "", "120", 120s}, Case{"Padded", "", " 7 ", 7s},
                      Case{"Date", "", "Wed, 05 Aug 2026 18:40:30 GMT", 40min + 30s},
                      Case{"Clamped", "", "90000", 24h},
                      Case{"ClampedDate", "", "Sat, 08 Aug 2026 18:00:00 GMT", 24h},
                      Case{"OneDayExactly", "", "86400", 24h}, Case{"Zero", "", "0", std::nullopt},
                      Case{"Negative", "", "-5", std::nullopt},
                      Case{"Exponent", "", "1e9", std::nullopt},
                      Case{"Billion", "", "1000000000", 24h},
                      Case{"HugeDigits", "", "99999999999999999999999999", 24h},
                      Case{"Words", "", "soon", std::nullopt},
                      Case{"PastDate", "", "Wed, 05 Aug 2026 17:59:59 GMT", std::nullopt},
                      Case{"FarDate", "", "Wed, 05 Aug 2099 18:00:00 GMT", 24h},
                      Case{"TenYears", "", "Tue, 05 Aug 2036 18:00:00 GMT", 24h},
                      Case{"LastYear", "", "Fri, 31 Dec 9999 23:59:59 GMT", 24h},
                      Case{"NoSuchDay", "", "Wed, 31 Sep 2026 18:00:00 GMT", std::nullopt},
                      Case{"NoSuchHour", "", "Wed, 05 Aug 2026 25:00:00 GMT", std::nullopt},
                      Case{"BeforeText", "try again after 300 seconds", "60", 60s},
                      Case{"GarbageFallsBackToText", "try again after 300 seconds", "soon", 300s}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Text, NamedTime,
    ::testing::Values(
        Case{"Rfc1123",
             "recipient limit (26) exceeded, try again after Wed, 05 Aug 2026 18:40:30 UTC", "",
             40min + 30s},
        Case{"Rfc1123Offset", "try again after Wed, 5 Aug 2026 20:40:30 +0200", "", 40min + 30s},
        Case{"Rfc1123WestOffset", "TRY AGAIN AFTER wed, 05 aug 2026 11:30:00 -0700", "", 30min},
        Case{"DayNameMissing", "try again after 05 Aug 2026 18:10:00 GMT", "", 10min},
        Case{"LongNames", "try again after Wednesday, 05 August 2026 18:10:00 GMT", "", 10min},
        Case{"Iso", "limit exceeded, try again after 2026-08-05T18:40:30Z", "", 40min + 30s},
        Case{"IsoBlank", "try again after 2026-08-05 18:05", "", 5min},
        Case{"IsoFraction", "try again after 2026-08-05 18:05:00.123456789 +0000 UTC.", "", 5min},
        Case{"IsoOffset", "try again after 2026-08-05T20:05:00+02:00", "", 5min},
        Case{"IsoPast", "try again after 2026-08-05T17:05:00Z", "", std::nullopt},
        Case{"AfterSeconds", "limit exceeded, try again after 120 seconds", "", 120s},
        Case{"InSeconds", "will be enabled in 2081 seconds", "", 2081s},
        Case{"InSecond", "enabled in 1 second.", "", 1s},
        Case{"InMinutes", "Please retry in 5 minutes", "", 5min},
        Case{"ForHours", "suspended for 2 hours", "", 2h},
        Case{"ForDays", "suspended for 3 days", "", 24h},
        Case{"SecondAnnouncer", "in your account, limit exceeded, try after 9 seconds", "", 9s},
        Case{"NoUnit", "try again after 120", "", std::nullopt},
        Case{"OtherUnit", "try again after 120 messages", "", std::nullopt},
        Case{"NegativeSeconds", "try again after -120 seconds", "", std::nullopt},
        Case{"ExponentSeconds", "try again after 1e9 seconds", "", std::nullopt},
        Case{"BillionSeconds", "try again after 1000000000 seconds", "", 24h},
        Case{"BillionDays", "suspended for 99999999999999999999 days", "", 24h},
        Case{"InsideAWord", "begin 60 seconds", "", std::nullopt},
        Case{"Nothing", "Forbidden", "", std::nullopt},
        Case{"CutOff", "try again after Wed, 05 Aug", "", std::nullopt},
        Case{"AnnouncerAtTheEnd", "try again after ", "", std::nullopt}),
    kName);

}  // namespace
}  // namespace postern::transports

// What reaches standard error: one line an event, wire text disarmed, in text and in JSON.
#include "core/log.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "core/text.hpp"

namespace postern::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kId[] = "01HV0000000ABCDE";

/// The log of a few events, its lines without their time.
class Log : public ::testing::Test {
 protected:
  void begin(Level level, Format format) {
    ::testing::internal::CaptureStderr();
    start(level, format);
  }
  std::vector<std::string> end() {
    stop();
    std::vector<std::string> lines;
    const std::string all = ::testing::internal::GetCapturedStderr();
    for (const std::string_view line : split(all, '\n'))
      if (!line.empty()) lines.emplace_back(line);
    return lines;
  }
  /// Behind the time, which is checked on the way.
  static std::string untimed(const std::string& line) {
    static const std::regex kTime(R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )");
    EXPECT_TRUE(std::regex_search(line, kTime)) << line;
    return line.substr(std::min<std::size_t>(25, line.size()));
  }
};

TEST_F(Log, IsIdVerbAndFields) {
  begin(Level::info, Format::text);
  event(Level::info, kId, "accepted", {{"from", "a@b.c"}, {"size", 1234}, {"tls", false}});
  event(Level::warning, "", "started");
  const auto lines = end();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(untimed(lines[0]), "info 01HV0000000ABCDE accepted from=a@b.c size=1234 tls=false");
  EXPECT_EQ(untimed(lines[1]), "warning - started");
}

TEST_F(Log, QuotesWhatAReaderWouldSplit) {
  begin(Level::info, Format::text);
  event(Level::info, "", "deferred",
        {{"reply", "450 4.2.0 say \"later\""}, {"empty", ""}, {"pair", "a=b"}});
  EXPECT_EQ(untimed(end().at(0)),
            R"(info - deferred reply="450 4.2.0 say \"later\"" empty="" pair="a=b")");
}

TEST_F(Log, KeepsAnEventOnOneLine) {
  begin(Level::info, Format::text);
  event(Level::info, "", "rejected",
        {{"reply", "550 no\r\n2026 info - delivered"}, {"esc", "\x1B[2J"}});
  const auto lines = end();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(untimed(lines[0]),
            R"(info - rejected reply="550 no\x0d\x0a2026 info - delivered" esc="\x1b[2J")");
}

TEST_F(Log, CutsLongValues) {
  begin(Level::info, Format::text);
  event(Level::info, "", "rejected", {{"reply", std::string(50'000, 'x') + ' '}});
  EXPECT_LT(end().at(0).size(), 1200U);
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
  begin(Level::warning, Format::text);
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::error));
  event(Level::info, kId, "accepted");
  event(Level::error, kId, "failed");
  start(Level::debug, Format::text);
  event(Level::debug, kId, "attempt");
  const auto lines = end();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("error 01HV0000000ABCDE failed"));
  EXPECT_THAT(lines[1], HasSubstr("debug 01HV0000000ABCDE attempt"));
}

TEST_F(Log, IsSilentWhenStopped) {
  begin(Level::info, Format::text);
  EXPECT_THAT(end(), ElementsAre());
  EXPECT_FALSE(enabled(Level::error));
  event(Level::error, kId, "failed");
  EXPECT_EQ(dropped(), 0U);
}

TEST_F(Log, IsOneJsonObjectALine) {
  begin(Level::info, Format::json);
  event(Level::info, kId, "accepted", {{"from", "a@b.c"}, {"size", -3}, {"tls", true}});
  const auto lines = end();
  ASSERT_THAT(lines, SizeIs(1));
  const auto object = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(object.at("level"), "info");
  EXPECT_EQ(object.at("id"), kId);
  EXPECT_EQ(object.at("event"), "accepted");
  EXPECT_EQ(object.at("from"), "a@b.c");
  EXPECT_EQ(object.at("size"), -3);
  EXPECT_EQ(object.at("at").get<std::string>().size(), 24U);
}

TEST_F(Log, StaysJsonWhateverTheWireSays) {
  begin(Level::info, Format::json);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  event(Level::info, "", "rejected",
        {{"reply", every_byte}, {"quote", "\",\"id\":\"x"}, {"slash", "a\\"}});
  const auto object = nlohmann::json::parse(end().at(0));
  EXPECT_EQ(object.at("id"), "");
  EXPECT_EQ(object.at("quote"), "\",\"id\":\"x");
  EXPECT_EQ(object.at("reply"), escape(every_byte));
  EXPECT_EQ(object.at("slash"), "a\\\\") << "as escape() writes it";
}

}  // namespace
}  // namespace postern::log

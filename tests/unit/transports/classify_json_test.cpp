#include "transports/classify_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 8 / 5} + 18h;

nlohmann::json said(std::string_view type, std::string_view text, int status = 0) {
  return nlohmann::json::parse(classify_json(type, text, status, kNow).value());
}

TEST(ClassifyJson, SaysMeaningScopeTimeAndRule) {
  const auto json =
      said("mailgun",
           "recipient limit (26) exceeded, try again after Wed, 05 Aug 2026 18:40:30 UTC", 429);
  EXPECT_EQ(json["meaning"], "blocked");
  EXPECT_EQ(json["scope"], "sender_domain");
  EXPECT_EQ(json["retry_at"], "2026-08-05T18:40:30.000Z");
  EXPECT_EQ(json["rule"], "mailgun.limit");
  EXPECT_EQ(json["fail_over"], "now");
}

TEST(ClassifyJson, GivesNoTimeWhereNoneWasNamed) {
  EXPECT_TRUE(said("mailgun", "Forbidden", 401)["retry_at"].is_null());
}

TEST(ClassifyJson, TakesTheStatusFromTheText) {
  EXPECT_EQ(said("smtp", "550 5.1.1 User unknown")["meaning"], "recipient");
  EXPECT_EQ(said("smtp", "452-4.5.3 Too many recipients")["rule"], "smtp.too-many-recipients");
  EXPECT_EQ(said("mailgun", "503")["meaning"], "uncertain");
  EXPECT_EQ(said("smtp", "5500 things", 451)["reply"], "451 5500 things");
  EXPECT_EQ(said("smtp", "550 no", 451)["reply"], "451 550 no");
}

TEST(ClassifyJson, SurvivesBytesThatAreNoText) {
  EXPECT_EQ(said("smtp", "450 \xff\xfe\x01")["reply"], "450 \\xff\\xfe\\x01");
}

TEST(ClassifyJson, KnowsOnlyTypesWithRules) {
  EXPECT_FALSE(classify_json("capture", "250 ok", 0, kNow));
}

}  // namespace
}  // namespace postern::transports

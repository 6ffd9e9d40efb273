#include "cli/mailq_layout.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/id.hpp"

namespace postern::cli {
namespace {

using namespace std::chrono_literals;

const Time kArrival = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 9h + 13min + 7s;
const std::string kId = to_id(first_number_of(kArrival));

class MailqLayoutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  static Json delivery(const std::string& recipient, const std::string& state,
                       const std::string& reason = {}) {
    return {{"recipient", recipient},
            {"state", state},
            {"reason", reason.empty() ? Json() : Json(reason)}};
  }
  static Json message(std::vector<Json> deliveries) {
    return {
        {"id", kId}, {"sender", "agent@shop.example"}, {"size", 1536}, {"deliveries", deliveries}};
  }
  static std::string lines_after_header(const std::string& entry) {
    return entry.substr(entry.find('\n') + 1);
  }

  MailqLayout layout_;
};

TEST_F(MailqLayoutTest, SaysWhenNothingIsQueued) {
  EXPECT_EQ(layout_.end(), "Mail queue is empty\n");
}

// What Postfix 3.7.11 prints with enable_long_queue_ids = yes, but for our ids: one character
// longer than its 15, and the mark still has its place.
TEST_F(MailqLayoutTest, LooksLikePostfix) {
  Json bounce = message({delivery("c@x.example", "deferred", "deferred transport")});
  bounce["sender"] = "";
  bounce["size"] = 306;
  std::string listing = layout_.entry(bounce);
  listing += layout_.entry(message({delivery("a@x.example", "active", "deferred transport"),
                                    delivery("b@x.example", "deferred", "deferred transport")}));
  listing += layout_.end();
  EXPECT_EQ(listing,
            "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n" + kId +
                "       306 Sat Nov 21 09:13:07 MAILER-DAEMON\n"
                "                                                          (deferred transport)\n"
                "                                               c@x.example\n"
                "\n" +
                kId +
                "*     1536 Sat Nov 21 09:13:07 agent@shop.example\n"
                "                                                          (deferred transport)\n"
                "                                               a@x.example\n"
                "                                               b@x.example\n"
                "\n"
                "-- 1 Kbytes in 2 Requests.\n");
}

TEST_F(MailqLayoutTest, CountsASingleRequestAsPostfixDoes) {
  layout_.entry(message({delivery("a@x.example", "queued")}));
  EXPECT_EQ(layout_.end(), "\n-- 1 Kbytes in 1 Request.\n");
}

TEST_F(MailqLayoutTest, MarksActiveAndHeld) {
  const auto mark = [&](std::vector<Json> deliveries) {
    const std::string entry = MailqLayout().entry(message(std::move(deliveries)));
    return lines_after_header(entry).substr(kId.size(), 1);
  };
  EXPECT_EQ(mark({delivery("a@x", "held"), delivery("b@x", "active")}), "*");
  EXPECT_EQ(mark({delivery("a@x", "queued"), delivery("b@x", "held")}), "!");
  EXPECT_EQ(mark({delivery("a@x", "deferred")}), " ");
}

TEST_F(MailqLayoutTest, NamesTheNullSenderAsPostfixDoes) {
  Json bounce = message({delivery("a@x.example", "queued")});
  bounce["sender"] = "";
  EXPECT_NE(layout_.entry(bounce).find("09:13:07 MAILER-DAEMON\n"), std::string::npos);
}

TEST_F(MailqLayoutTest, LeavesFinishedRecipientsOut) {
  const std::string entry = layout_.entry(message(
      {delivery("gone@x.example", "sent", "250 ok"), delivery("here@x.example", "deferred")}));
  EXPECT_EQ(entry.find("gone@"), std::string::npos);
  EXPECT_EQ(entry.find("250 ok"), std::string::npos);
  EXPECT_NE(entry.find("here@"), std::string::npos);
}

TEST_F(MailqLayoutTest, ShowsFinishedRecipientsWhenAllAre) {
  EXPECT_NE(layout_.entry(message({delivery("gone@x.example", "sent")})).find("gone@"),
            std::string::npos);
}

TEST_F(MailqLayoutTest, GivesAReasonOnceForThoseWhoShareIt) {
  const std::string entry = layout_.entry(
      message({delivery("a@x", "deferred", "busy"), delivery("b@x", "deferred", "busy"),
               delivery("c@x", "queued"), delivery("d@x", "deferred", "full")}));
  EXPECT_EQ(entry.find("(busy)"), entry.rfind("(busy)"));
  EXPECT_LT(entry.find("b@x"), entry.find("(reason unavailable)"));
  EXPECT_LT(entry.find("c@x"), entry.find("(full)"));
}

TEST_F(MailqLayoutTest, EscapesWhatCameOverAWire) {
  Json evil = message({delivery("a\x1b[2J@x", "deferred", "421 \x1b]0;owned\x07\r\n250 ok")});
  evil["sender"] = "x\ny@z";
  const std::string entry = layout_.entry(evil);
  EXPECT_EQ(entry.find('\x1b'), std::string::npos);
  EXPECT_NE(entry.find("421 \\x1b]0;owned\\x07\\x0d\\x0a250 ok"), std::string::npos) << entry;
  EXPECT_NE(entry.find("x\\x0ay@z"), std::string::npos);
}

}  // namespace
}  // namespace postern::cli

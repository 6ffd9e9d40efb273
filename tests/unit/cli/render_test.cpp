#include "cli/render.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::cli {
namespace {

TEST(Table, AlignsByCodePoints) {
  EXPECT_EQ(table({{"A", "B"}, {"J\xC3\xBCrgen", "x"}, {"long one", "y"}}),
            "A         B\n"
            "J\xC3\xBCrgen    x\n"
            "long one  y\n");
}

TEST(Render, TellsAMessagesStory) {
  const Json message = Json::parse(R"({
    "id": "ID", "channel": "mail", "sender": "agent@shop.example", "size": 1234,
    "message_id": "<1@shop.example>", "identity": null, "accepted_at": "2026-11-21T09:13:07.123Z", "priority": 0,
    "deliveries": [
      {"recipient": "a@x.example", "state": "deferred", "transport": "mailgun", "attempts": 2,
       "next_attempt_at": "2026-11-21T09:20:00.000Z", "expires_at": "2026-11-24T09:13:07.123Z",
       "reason": "421 busy", "provider_id": null, "possible_duplicate": false},
      {"recipient": "b@x.example", "state": "sent", "transport": "backup", "attempts": 1,
       "next_attempt_at": null, "expires_at": "2026-11-24T09:13:07.123Z",
       "reason": null, "provider_id": "<p>", "possible_duplicate": true}],
    "attempts": [
      {"number": 1, "recipient": "a@x.example", "transport": "mailgun", "started_at": "2026-11-21T09:13:07.200Z",
       "duration_ms": 250, "outcome": "deferred", "blame": "transport", "reply": "421 busy"},
      {"number": 2, "recipient": "a@x.example", "transport": "mailgun", "started_at": "2026-11-21T09:14:07.200Z",
       "duration_ms": null, "outcome": null, "blame": null, "reply": null}],
    "events": [{"at": "2026-11-21T09:15:00.000Z", "source": "operator", "type": "retried",
                "recipient": "a@x.example", "detail": null}]})");
  EXPECT_EQ(story(message),
            "Message     ID\n"
            "Channel     mail\n"
            "Sender      agent@shop.example\n"
            "Message-ID  <1@shop.example>\n"
            "Identity    -\n"
            "Size        1234 bytes\n"
            "Accepted    2026-11-21T09:13:07.123Z\n"
            "\n"
            "Deliveries\n"
            "  a@x.example: deferred, 2 attempts, last through mailgun, next at "
            "2026-11-21T09:20:00.000Z, "
            "expires at 2026-11-24T09:13:07.123Z\n"
            "    421 busy\n"
            "  b@x.example: sent, 1 attempt, last through backup, possibly sent twice, provider's "
            "id <p>\n"
            "\n"
            "Attempts\n"
            "  2026-11-21T09:13:07.200Z  #1 a@x.example through mailgun: deferred after 250 ms, "
            "blames transport\n"
            "    421 busy\n"
            "  2026-11-21T09:14:07.200Z  #2 a@x.example through mailgun: its end is not known\n"
            "\n"
            "Events\n"
            "  2026-11-21T09:15:00.000Z  operator: retried a@x.example\n");
}

TEST(Render, EscapesAStory) {
  const Json message = Json::parse(R"({"id": "ID", "sender": "a\u001b[1m@x", "deliveries": [
    {"recipient": "r", "state": "deferred", "attempts": 1, "reason": "bad\nline"}]})");
  const std::string text = story(message);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("bad\\x0aline"), std::string::npos);
}

TEST(Render, ListsTransportsWithTheirDomains) {
  const Json transports = Json::parse(R"([{"name": "mailgun", "type": "mailgun", "domains": [
    {"domain": "", "breaker": "closed", "reason": null, "until": null, "in_flight": 3, "sent": 10, "failed": 1,
     "last_error": "timeout"},
    {"domain": "shop.example", "breaker": "open", "reason": "Account disabled",
     "until": "2026-11-21T09:20:00.000Z", "in_flight": 0, "sent": 0, "failed": 5, "last_error": null}]}])");
  EXPECT_EQ(transports_table(transports),
            "TRANSPORT  TYPE     DOMAIN        BREAKER  UNTIL                     IN FLIGHT  SENT  "
            "FAILED  REASON"
            "            LAST ERROR\n"
            "mailgun    mailgun  *             closed   -                         3          10    "
            "1       -     "
            "            timeout\n"
            "mailgun    mailgun  shop.example  open     2026-11-21T09:20:00.000Z  0          0     "
            "5       Account"
            " disabled  -\n");
}

TEST(Render, ShowsAnAccountWhereAProviderTells) {
  const Json transports = {
      {{"name", "s"}, {"domains", {{{"domain", ""}, {"account", "12 of 50000 in 24 h"}}}}}};
  const std::string text = transports_table(transports);
  EXPECT_NE(text.find("ACCOUNT\n"), std::string::npos);
  EXPECT_NE(text.find("12 of 50000 in 24 h\n"), std::string::npos);
}

TEST(Render, CutsLongReasonsInTables) {
  const Json transports = {
      {{"name", "m"}, {"domains", {{{"domain", "*"}, {"last_error", std::string(500, 'x')}}}}}};
  EXPECT_LT(transports_table(transports).size(), 400U);
}

TEST(Render, CountsTheQueue) {
  const Json stats =
      Json::parse(R"({"deliveries": [{"channel": "mail", "state": "held", "deliveries": 2,
    "oldest": "2026-11-21T09:20:00.000Z"}], "used_bytes": 4096})");
  EXPECT_EQ(stats_table(stats),
            "CHANNEL  STATE  DELIVERIES  OLDEST\n"
            "mail     held   2           2026-11-21T09:20:00.000Z\n"
            "The queue occupies 4096 bytes.\n");
  EXPECT_EQ(stats_table({{"deliveries", Json::array()}, {"used_bytes", 0}}),
            "Nothing waits.\nThe queue occupies 0 bytes.\n");
}

TEST(Render, SaysWhatTheRulesMakeOfAReply) {
  EXPECT_EQ(verdict({{"meaning", "blocked"}, {"retry_at", nullptr}, {"alert", true}}),
            "meaning   blocked\nretry_at  -\nalert     true\n");
}

}  // namespace
}  // namespace postern::cli

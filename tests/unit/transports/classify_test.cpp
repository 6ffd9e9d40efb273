#include "transports/classify.hpp"

#include <gtest/gtest.h>

#include <array>

#include "classified.hpp"

namespace postern::transports {
namespace {

bool fits(std::string_view pattern, std::string_view text) {
  const std::array rules{Rule{.name = "row", .pattern = pattern}};
  Reply reply;
  reply.text = text;
  return classify(rules, reply, kNow).rule == "row";
}

bool code_fits(std::string_view wanted, std::string_view text) {
  const std::array rules{Rule{.name = "row", .enhanced = wanted}};
  Reply reply;
  reply.text = text;
  return classify(rules, reply, kNow).rule == "row";
}

TEST(Pattern, IgnoresCaseAndSpacing) {
  EXPECT_TRUE(fits("account disabled", "your ACCOUNT \r\n\t Disabled."));
  EXPECT_FALSE(fits("account disabled", "account is disabled"));
}

TEST(Pattern, LeavesGaps) {
  EXPECT_TRUE(fits("limit (*) exceeded", "recipient limit (26) exceeded"));
  EXPECT_FALSE(fits("first*second", "second first"));
  EXPECT_FALSE(fits("twice*twice", "only twice"));
}

TEST(Pattern, HasAlternatives) {
  EXPECT_TRUE(fits("one|two*three", "two and three"));
  EXPECT_FALSE(fits("one|two*three", "two"));
}

TEST(Pattern, BeginsAtTheBeginningOfAWord) {
  EXPECT_TRUE(fits("limit", "Limits reached"));
  EXPECT_TRUE(fits("limit", "unlimited? no: rate-limit"));
  EXPECT_FALSE(fits("limit", "unlimited delimiter"));
}

TEST(Pattern, IsLookedForInTheFirst4KiB) {
  EXPECT_TRUE(fits("needle", std::string(4000, ' ') + "needle"));
  EXPECT_FALSE(fits("needle", std::string(5000, '.') + "needle"));
}

TEST(EnhancedCode, IsTheFirstThatStandsAlone) {
  EXPECT_TRUE(code_fits("5.1.1", "5.1.1 no"));
  EXPECT_TRUE(code_fits("5.1.1", "(#5.1.1) no"));
  EXPECT_TRUE(code_fits("5.1.1", "refused by 10.5.1.1: 5.1.1."));
  EXPECT_TRUE(code_fits("4.2.2|5.2.2", "5.2.2"));
  EXPECT_TRUE(code_fits("5.6.x", "5.6.12 no"));
  EXPECT_FALSE(code_fits("5.1.1", "5.1.10 no"));
  EXPECT_FALSE(code_fits("5.1.1", "15.1.1"));
  EXPECT_FALSE(code_fits("5.1.1", "5.1.1.1"));
  EXPECT_FALSE(code_fits("5.1.1", "5.7.1, not 5.1.1"));
  EXPECT_FALSE(code_fits("5.1.1", "3.1.1"));
}

TEST(Classify, DefersWhatNoRowKnows) {
  Reply reply;
  reply.text = "hm";
  const Outcome outcome = classify(rules_for("smtp"), reply, kNow);
  EXPECT_EQ(outcome.rule, "unknown");
  EXPECT_EQ(outcome.kind, kDeferred);
  EXPECT_EQ(outcome.blame, Blame::transport);
  EXPECT_EQ(outcome.fail_over, FailOver::later);
}

TEST(Classify, QuotesTheReplyOnOneLine) {
  Reply reply;
  reply.status = 550;
  reply.text = "one\r\ntwo \x1b[31m\n";
  EXPECT_EQ(classify(rules_for("smtp"), reply, kNow).reply, R"(550 one\x0d\x0atwo \x1b[31m)");
}

TEST(Classify, UsesTheFirstRowThatMatches) {
  const std::array rules{Rule{.name = "first", .status_from = 400, .status_to = 450},
                         Rule{.name = "second", .status_from = 400, .status_to = 599}};
  Reply reply;
  for (const auto& [status, name] : {std::pair{400, "first"},
                                     {450, "first"},
                                     {451, "second"},
                                     {599, "second"},
                                     {399, "unknown"},
                                     {0, "unknown"}}) {
    reply.status = status;
    EXPECT_EQ(classify(rules, reply, kNow).rule, name) << status;
  }
}

TEST(Classify, TakesAnUnknownPhaseForAnyWhereTheWordsFit) {
  const std::array rules{Rule{.name = "words", .pattern = "user", .phase = Phase::rcpt_to},
                         Rule{.name = "phase", .phase = Phase::rcpt_to}};
  Reply reply;
  reply.text = "user unknown";
  EXPECT_EQ(classify(rules, reply, kNow).rule, "words");
  reply.phase = Phase::content;
  EXPECT_EQ(classify(rules, reply, kNow).rule, "unknown");
  reply.phase = Phase::rcpt_to;
  reply.text = "no";
  EXPECT_EQ(classify(rules, reply, kNow).rule, "phase");
}

TEST(RuleTables, ExistForEveryTypeThatReadsReplies) {
  EXPECT_FALSE(rules_for("mailgun").empty());
  EXPECT_FALSE(rules_for("smtp").empty());
  EXPECT_TRUE(rules_for("capture").empty());
}

// A refusal needs an explicit signal, so a row that rejects asks for more than a class of codes;
// but SMTP's 5yz to a recipient or to the content is one (RFC 5321 section 4.2.1).
TEST(RuleTables, RejectOnlyOnAnExplicitSignal) {
  for (const std::string_view type : {"mailgun", "smtp"})
    for (const Rule& rule : rules_for(type)) {
      if (rule.kind != kRejected) continue;
      const bool explicit_status = rule.status_to != 0 && rule.status_to - rule.status_from <= 1;
      const bool permanent = type == "smtp" && rule.status_from >= 500 &&
                             (rule.phase == Phase::rcpt_to || rule.phase == Phase::data ||
                              rule.phase == Phase::content);
      EXPECT_TRUE(explicit_status || permanent || !rule.pattern.empty() || !rule.enhanced.empty())
          << rule.name;
    }
}

TEST(RuleTables, ArePhrasedInLowerCase) {
  for (const std::string_view type : {"mailgun", "smtp"})
    for (const Rule& rule : rules_for(type))
      for (const char c : rule.pattern) EXPECT_FALSE(c >= 'A' && c <= 'Z') << rule.name;
}

}  // namespace
}  // namespace postern::transports

#include "transports/mailgun_reply.hpp"

#include <gtest/gtest.h>

namespace postern::transports {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 8 / 5} + 18h;

std::string event(std::string_view type, std::string_view recipient = "a@y.com",
                  std::string_view more = "", std::string_view id = "1@x.com") {
  return R"({"event":")" + std::string(type) + R"(","recipient":")" + std::string(recipient) +
         R"(","message":{"headers":{"message-id":")" + std::string(id) + R"("}})" +
         std::string(more) + "}";
}

Answer answer(const std::string& items) {
  return read_events(R"({"items":[)" + items + "]}", "1@x.com", "A@y.com", kNow);
}

TEST(MailgunAcceptance, NeedsAnId) {
  EXPECT_EQ(read_acceptance(R"({"id":"<1@x.com>","message":"Queued. Thank you."})")->id, "1@x.com");
  EXPECT_EQ(read_acceptance(R"({"id":"1@x.com"})")->id, "1@x.com");
  for (const char* body :
       {"", "{}", "[]", "null", R"({"id":""})", R"({"id":"<>"})", R"({"id":7})", R"({"id":null})",
        R"({"id":"<1@x.com>")", "<html>ok</html>", R"(["id"])", "\xff"})
    EXPECT_FALSE(read_acceptance(body)) << body;
}

TEST(MailgunError, IsTheMessageOrTheBody) {
  EXPECT_EQ(read_error(R"({"message":"Forbidden"})"), "Forbidden");
  EXPECT_EQ(read_error("Forbidden"), "Forbidden");
  EXPECT_EQ(read_error(R"({"message":["a"]})"), R"({"message":["a"]})");
}

TEST(MailgunEvents, OfAnyKindProveThatTheProviderHasIt) {
  for (const char* type : {"accepted", "delivered", "opened", "clicked", "complained", "stored"})
    EXPECT_EQ(answer(event(type)).kind, Answer::Kind::accepted) << type;
  EXPECT_EQ(answer(event("failed", "a@y.com", R"(,"severity":"temporary")")).kind,
            Answer::Kind::accepted);
}

TEST(MailgunEvents, TellOfAFinalRefusal) {
  const Answer refused = answer(
      event("accepted") + "," +
      event("failed", "a@y.com",
            R"(,"severity":"permanent","reason":"bounce","delivery-status":{"message":"5.1.1"})"));
  EXPECT_EQ(refused.kind, Answer::Kind::refused);
  EXPECT_EQ(refused.detail, "failed: bounce: 5.1.1");
  EXPECT_EQ(refused.provider_id, "1@x.com");
}

std::string failure(std::string_view reason, std::string_view status) {
  return event("failed", "a@y.com",
               R"(,"severity":"permanent","reason":")" + std::string(reason) +
                   R"(","delivery-status":{)" + std::string(status) + "}");
}

TEST(MailgunEvents, TellOfABlockAfterTheMessageWasTaken) {
  const Answer rejected = answer(
      event("accepted") + "," +
      event("rejected", "a@y.com",
            R"(,"reject":{"reason":"Domain x.com is not allowed to send: Account disabled"})"));
  EXPECT_EQ(rejected.kind, Answer::Kind::not_sent);
  EXPECT_EQ(rejected.why.meaning, Meaning::blocked);
  EXPECT_EQ(rejected.why.blame, Blame::transport);
  EXPECT_EQ(rejected.why.fail_over, FailOver::now);
  EXPECT_EQ(rejected.why.rule, "mailgun.account-blocked");
  const Answer failed = answer(failure(
      "generic", R"("code":554,"message":"Domain x.com is on probation, enabled in 600 seconds")"));
  EXPECT_EQ(failed.kind, Answer::Kind::not_sent);
  EXPECT_EQ(failed.why.retry_at, kNow + 600s);
  const Answer sandbox = answer(event(
      "rejected", "a@y.com",
      R"(,"reject":{"reason":"Sandbox subdomains are for test purposes only.","description":""})"));
  EXPECT_EQ(sandbox.why.meaning, Meaning::configuration);
  EXPECT_EQ(sandbox.why.blame, Blame::sender_domain);
}

TEST(MailgunEvents, ARejectionInNewWordsIsNotSentAndCountsOnce) {
  const Answer rejected =
      answer(event("rejected", "a@y.com", R"(,"reject":{"reason":"something new"})"));
  EXPECT_EQ(rejected.kind, Answer::Kind::not_sent);
  EXPECT_EQ(rejected.detail, "rejected: something new");
  EXPECT_EQ(rejected.why.kind, Outcome::Kind::deferred);
  EXPECT_EQ(rejected.why.meaning, Meaning::temporary);
  EXPECT_EQ(rejected.why.fail_over, FailOver::now);
}

TEST(MailgunEvents, APolicyOfTheReceivingProviderMayBeTriedOnceElsewhere) {
  const Answer blocked = answer(failure("espblock", R"("code":550,"message":"5.7.1 no")"));
  EXPECT_EQ(blocked.kind, Answer::Kind::not_sent);
  EXPECT_EQ(blocked.why.blame, Blame::message);
  EXPECT_EQ(blocked.why.fail_over, FailOver::once);
}

TEST(MailgunEvents, TakeWhatTheRecipientsServerSaysForNoBlockOfOurs) {
  for (const std::string& refused :
       {failure("bounce", R"("code":550,"message":"account disabled")"),
        failure("generic", R"("mx-host":"mx.y.com","message":"this account is disabled")"),
        failure("generic", R"("code":550,"message":"5.1.1 no such user")"),
        failure("suppress-bounce", R"("code":605,"message":"not delivering: account disabled")"),
        failure("old", R"("code":602,"message":"too old")")})
    EXPECT_EQ(answer(refused).kind, Answer::Kind::refused) << refused;
}

TEST(MailgunEvents, LetADeliveryOutweighALaterFailure) {
  EXPECT_EQ(
      answer(event("delivered") + "," + event("failed", "a@y.com", R"(,"severity":"permanent")"))
          .kind,
      Answer::Kind::accepted);
}

TEST(MailgunEvents, CountOnlyForTheirRecipientAndMessage) {
  EXPECT_EQ(answer("").kind, Answer::Kind::unknown);
  EXPECT_EQ(answer(event("delivered", "b@y.com")).kind, Answer::Kind::unknown);
  EXPECT_EQ(answer(event("delivered", "a@y.com", "", "2@x.com")).kind, Answer::Kind::unknown);
}

TEST(MailgunEvents, ProveNothingWhenTheyAreGarbled) {
  for (const char* body : {"", "[]", "{}", R"({"items":7})", R"({"items":[7,null,"x",[]]})",
                           R"({"items":[{"event":[],"recipient":{}}]})", "<html>"})
    EXPECT_EQ(read_events(body, "1@x.com", "a@y.com", kNow).kind, Answer::Kind::unknown) << body;
}

TEST(WithoutBrackets, TakesAPairOnly) {
  EXPECT_EQ(without_brackets(" <a@b> "), "a@b");
  EXPECT_EQ(without_brackets("a@b"), "a@b");
  EXPECT_EQ(without_brackets("<"), "<");
  EXPECT_EQ(without_brackets(""), "");
}

}  // namespace
}  // namespace postern::transports

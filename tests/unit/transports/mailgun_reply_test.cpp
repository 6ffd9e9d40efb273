#include "transports/mailgun_reply.hpp"

#include <gtest/gtest.h>

namespace postern::transports {
namespace {

std::string event(std::string_view type, std::string_view recipient = "a@y.com",
                  std::string_view more = "", std::string_view id = "1@x.com") {
  return R"({"event":")" + std::string(type) + R"(","recipient":")" + std::string(recipient) +
         R"(","message":{"headers":{"message-id":")" + std::string(id) + R"("}})" +
         std::string(more) + "}";
}

Answer answer(const std::string& items) {
  return read_events(R"({"items":[)" + items + "]}", "1@x.com", "A@y.com");
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
  EXPECT_EQ(answer(event("rejected")).kind, Answer::Kind::refused);
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
    EXPECT_EQ(read_events(body, "1@x.com", "a@y.com").kind, Answer::Kind::unknown) << body;
}

TEST(WithoutBrackets, TakesAPairOnly) {
  EXPECT_EQ(without_brackets(" <a@b> "), "a@b");
  EXPECT_EQ(without_brackets("a@b"), "a@b");
  EXPECT_EQ(without_brackets("<"), "<");
  EXPECT_EQ(without_brackets(""), "");
}

}  // namespace
}  // namespace postern::transports

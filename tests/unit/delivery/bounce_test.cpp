#include "delivery/bounce.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow{1'795'252'387'123ms};
constexpr MessageNo kNo{77};
constexpr std::string_view kHeader = "From: anna@product-a.com\r\nSubject: x\r\n\r\n";

Message original() {
  Message message;
  message.no = MessageNo{42};
  message.envelope.sender = "anna@bounces.product-a.com";
  message.envelope.recipients = {"bob@example.net"};
  message.sender_domain = "bounces.product-a.com";
  message.message_id = "<1@product-a.com>";
  message.accepted_at = kNow - 3h;
  return message;
}

std::optional<Report> report_on(const Message& message, std::vector<FailedRecipient> failed) {
  return make_report(message, kHeader, failed, "mail.product-a.com", kNo, kNow);
}

FailedRecipient bob(std::string status, std::string reply,
                    DeliveryState state = DeliveryState::failed) {
  return {"bob@example.net", std::move(status), std::move(reply), "mailgun", state};
}

std::string status_for(const FailedRecipient& failed) {
  const auto report = report_on(original(), {failed});
  const auto begin = report->content->find("\r\nStatus: ") + 10;
  return report->content->substr(begin, report->content->find("\r\n", begin) - begin);
}

TEST(Bounce, GoesFromNobodyToTheSender) {
  const auto report = report_on(original(), {bob("5.1.1", "550 5.1.1 unknown")});
  ASSERT_TRUE(report);
  const Message& message = *report->message;
  EXPECT_EQ(message.no, kNo);
  EXPECT_EQ(message.channel, Channel::mail);
  EXPECT_EQ(message.envelope.sender, "");
  EXPECT_EQ(message.envelope.recipients, std::vector<std::string>{"anna@bounces.product-a.com"});
  EXPECT_EQ(message.sender_domain, "bounces.product-a.com");
  EXPECT_EQ(message.message_id, "<" + to_id(kNo) + "@bounces.product-a.com>");
  EXPECT_EQ(message.accepted_at, kNow);
}

TEST(Bounce, IsReadyForTheQueue) {
  const auto report = report_on(original(), {bob("5.1.1", "550 5.1.1 unknown")});
  EXPECT_EQ(report->message->chunks, 1u);
  EXPECT_EQ(report->message->size_bytes, report->content->size());
  EXPECT_EQ(report->content->substr(report->message->header_bytes - 4, 4), "\r\n\r\n");
  EXPECT_EQ(report->content->substr(report->message->header_bytes, 2), "--");
}

TEST(Bounce, NeverAnswersABounce) {
  auto message = original();
  message.envelope.sender.clear();
  EXPECT_FALSE(report_on(message, {bob("5.1.1", "550")}));
  const auto first = report_on(original(), {bob("5.1.1", "550")});
  EXPECT_FALSE(make_report(*first->message, *first->content, {bob("5.1.1", "550")},
                           "mail.product-a.com", MessageNo{78}, kNow));
}

TEST(Bounce, NeedsAFailureAndMail) {
  EXPECT_FALSE(report_on(original(), {}));
  auto hook = original();
  hook.channel = Channel::webhook;
  EXPECT_FALSE(report_on(hook, {bob("5.1.1", "550")}));
}

TEST(Bounce, ShowsNeitherTheTransportNorAnyNameOfOurs) {
  const auto report = report_on(original(), {bob("5.1.1", "550 5.1.1 unknown")});
  EXPECT_EQ(report->content->find("mailgun"), std::string::npos);
  EXPECT_EQ(report->content->find("ostern"), std::string::npos);
}

TEST(Bounce, TakesTheStatusFromWhoeverKnowsIt) {
  EXPECT_EQ(status_for(bob("5.1.1", "550 5.2.2 full")), "5.1.1");
  EXPECT_EQ(status_for(bob("", "552 5.2.2 full")), "5.2.2");
  EXPECT_EQ(status_for(bob("", "failed: #5.1.10.")), "5.1.10");
  EXPECT_EQ(status_for(bob("", "554 [5.1.1.9] blocked by 5.7.25: policy")), "5.7.25");
  EXPECT_EQ(status_for(bob("", "550 no such user")), "5.0.0");
  EXPECT_EQ(status_for(bob("2.0.0", "250 2.0.0 ok")), "5.0.0");
  EXPECT_EQ(status_for(bob("5.1.x\r\nX: y", "550")), "5.0.0");
  EXPECT_EQ(status_for(bob("", "451 4.3.2 busy", DeliveryState::expired)), "4.4.7");
  EXPECT_EQ(status_for(bob("", "", DeliveryState::expired)), "4.4.7");
}

TEST(Bounce, SaysWhenNobodyWasEverAsked) {
  auto stuck = bob("", "", DeliveryState::expired);
  stuck.transport.clear();
  EXPECT_NE(report_on(original(), {stuck})->content->find("No mail service could be used"),
            std::string::npos);
}

TEST(Bounce, FitsOneChunkHoweverManyFailed) {
  const std::vector<FailedRecipient> many(kMaxFailedInReport + 20, bob("5.1.1", "550 unknown"));
  const auto report = report_on(original(), many);
  EXPECT_LE(report->content->size(), Content::kChunkBytes);
  EXPECT_NE(report->content->find("There are 20 more recipients"), std::string::npos);
}

TEST(Bounce, AsksForSmtputf8OnlyWhereTheSenderHasIt) {
  auto message = original();
  message.envelope.sender = "\xE7\x94\xA8@product-a.com";
  message.envelope.smtputf8 = true;
  const auto report = report_on(message, {bob("5.1.1", "550")});
  EXPECT_TRUE(report->message->envelope.smtputf8);
  EXPECT_FALSE(report_on(original(), {bob("5.1.1", "550")})->message->envelope.smtputf8);
}

}  // namespace
}  // namespace postern::delivery

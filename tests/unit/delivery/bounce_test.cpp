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
  message.chunks = 1;
  message.header_bytes = static_cast<std::uint32_t>(kHeader.size());
  message.size_bytes = kHeader.size();
  return message;
}

std::optional<Report> report_on(const Message& message, std::vector<News> failed,
                                mail::Action action = mail::Action::failed) {
  return make_report(message, kHeader, action, failed, "mail.product-a.com", kNo, kNow);
}

News bob(std::string status, std::string reply, bool expired = false) {
  return {.index = 0,
          .status = std::move(status),
          .reply = std::move(reply),
          .transport = "mailgun",
          .expired = expired};
}

std::string status_for(const News& news, mail::Action action = mail::Action::failed) {
  const auto report = report_on(original(), {news}, action);
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
  EXPECT_FALSE(make_report(*first->message, *first->content, mail::Action::failed,
                           {bob("5.1.1", "550")}, "mail.product-a.com", MessageNo{78}, kNow));
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
  EXPECT_EQ(status_for(bob("", "451 4.3.2 busy", true)), "4.4.7");
  EXPECT_EQ(status_for(bob("", "", true)), "4.4.7");
}

TEST(Bounce, SaysWhenNobodyWasEverAsked) {
  auto stuck = bob("", "", true);
  stuck.transport.clear();
  EXPECT_NE(report_on(original(), {stuck})->content->find("No mail service could be used"),
            std::string::npos);
}

TEST(Bounce, FitsOneChunkHoweverManyFailed) {
  const std::vector<News> many(kMaxInReport + 20, bob("5.1.1", "550 unknown"));
  const auto report = report_on(original(), many);
  EXPECT_LE(report->content->size(), Content::kChunkBytes);
  EXPECT_NE(report->content->find("There are 20 more recipients"), std::string::npos);
}

TEST(Bounce, HasAStatusOfTheClassOfItsAction) {
  EXPECT_EQ(status_for(bob("", "451 4.7.1 greylisted"), mail::Action::delayed), "4.7.1");
  EXPECT_EQ(status_for(bob("", "550 5.1.1 says the next way"), mail::Action::delayed), "4.0.0");
  EXPECT_EQ(status_for(bob("", ""), mail::Action::delayed), "4.0.0");
  EXPECT_EQ(status_for(bob("", "250 2.6.0 queued"), mail::Action::relayed), "2.0.0");
  EXPECT_EQ(status_for(bob("", "written"), mail::Action::delivered), "2.0.0");
}

// ---- What the sender asked for (RFC 3461) -------------------------------------------------------

Message asking(Options options) {
  Message message = original();
  message.envelope.options = std::make_shared<const Options>(std::move(options));
  return message;
}

TEST(Bounce, NamesTheEnvelopeAndTheOriginalRecipient) {
  const Message message =
      asking({.envelope_id = "QQ+2B1",
              .recipients = {{.notify = {}, .original_recipient = "rfc822;Bob+20B@old.example"}}});
  const std::string text = *report_on(message, {bob("5.1.1", "550")})->content;
  EXPECT_NE(text.find("\r\nOriginal-Envelope-Id: QQ+1\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\r\nOriginal-Recipient: rfc822; Bob B@old.example\r\n"
                      "Final-Recipient: rfc822; bob@example.net\r\n"),
            std::string::npos)
      << text;
}

TEST(Bounce, ReturnsTheWholeOnlyInFailuresAndWhereAsked) {
  constexpr std::string_view kWhole = "From: anna@product-a.com\r\n\r\nthe body\r\n";
  const auto returned = [&](Options options, mail::Action action, std::size_t padding = 0) {
    Message message = asking(std::move(options));
    const std::string content = std::string(kWhole) + std::string(padding, 'x');
    message.size_bytes = content.size();
    message.header_bytes = 28;
    const auto report =
        make_report(message, content, action, {bob("", "")}, "m.example", kNo, kNow);
    return report->content->find("the body") != std::string::npos;
  };
  const Options full{.ret = Options::Return::full};
  EXPECT_TRUE(returned(full, mail::Action::failed));
  EXPECT_FALSE(returned({.ret = Options::Return::headers}, mail::Action::failed));
  EXPECT_FALSE(returned({}, mail::Action::failed));
  EXPECT_FALSE(returned(full, mail::Action::delayed));
  EXPECT_FALSE(returned(full, mail::Action::relayed));
  EXPECT_FALSE(returned({.ret = Options::Return::full, .require_tls = true}, mail::Action::failed));
  EXPECT_FALSE(returned(full, mail::Action::failed, kMaxReturnedBytes));
}

struct WishCase {
  const char* name;
  std::optional<Notify> notify;
  std::optional<DeliverBy> by;
  std::string wanted;  // the actions that are reported
};

TEST(Bounce, TellsWhatTheSenderWantsToHear) {
  const DeliverBy notify{.or_return = false};
  const DeliverBy give_back{.or_return = true, .trace = true};
  const std::vector<WishCase> cases{
      {"nothing said", {}, {}, "failed"},
      {"NEVER", Notify{}, {}, ""},
      {"SUCCESS", Notify{.success = true}, {}, "relayed delivered"},
      {"FAILURE", Notify{.failure = true}, {}, "failed"},
      {"DELAY", Notify{.delay = true}, {}, "delayed"},
      {"FAILURE,DELAY", Notify{.failure = true, .delay = true}, {}, "failed delayed"},
      {"BY;N", {}, notify, "failed delayed"},
      {"BY;RT", {}, give_back, "failed relayed"},
      {"BY;N and NEVER", Notify{}, notify, ""},
      {"BY;RT and NEVER", Notify{}, give_back, ""},
  };
  for (const WishCase& one : cases) {
    const Message message = asking(
        {.deliver_by = one.by, .recipients = {{.notify = one.notify, .original_recipient = {}}}});
    std::string wanted;
    for (const auto action : {mail::Action::failed, mail::Action::delayed, mail::Action::relayed,
                              mail::Action::delivered})
      if (wants_report(message, 0, action))
        wanted += (wanted.empty() ? "" : " ") + mail::to_string(action);
    EXPECT_EQ(wanted, one.wanted) << one.name;
  }
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

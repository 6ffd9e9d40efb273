// What a session makes of the parameters of MAIL and RCPT, and of the headers that say the same.
#include <gtest/gtest.h>

#include "smtpd/submission.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd {
namespace {

using namespace std::chrono_literals;

/// Submits one message and gives what the queue got.
Message sent(const std::string& mail, const std::vector<std::string>& recipients,
             const std::string& header = {}) {
  Client client;
  client.greet();
  client.speak("EHLO app\r\nMAIL FROM:<a@product.com> " + mail + "\r\n");
  for (const std::string& recipient : recipients) client.speak("RCPT TO:" + recipient + "\r\n");
  client.speak("DATA\r\n");
  client.speak("From: a@product.com\r\n" + header + "\r\nHello\r\n.\r\n");
  if (client.stored.empty()) {
    ADD_FAILURE() << client.transcript;
    return {};
  }
  return client.stored.back().message;
}

TEST(SessionOptions, OfOrdinaryMailAreNone) {
  EXPECT_FALSE(sent("SIZE=100", {"<b@x.example>"}).envelope.options);
}

TEST(SessionOptions, AreThoseOfTheParameters) {
  const Message message = sent(
      "RET=FULL ENVID=a+2Bb BY=60;RT",
      {"<b@x.example>", "<c@x.example> NOTIFY=NEVER ORCPT=rfc822;c@old.example", "<d@x.example>"});
  const Options expected{
      .envelope_id = "a+2Bb",
      .ret = Options::Return::full,
      .deliver_by = DeliverBy{.at = kNow + 60s, .or_return = true, .trace = true},
      .recipients = {{}, {.notify = Notify{}, .original_recipient = "rfc822;c@old.example"}}};
  ASSERT_TRUE(message.envelope.options);
  EXPECT_EQ(*message.envelope.options, expected);
  EXPECT_EQ(message.envelope.options_of(2), RecipientOptions());
}

TEST(SessionOptions, HoldTheMessageForOrUntil) {
  EXPECT_EQ(sent("HOLDFOR=90", {"<b@x.example>"}).envelope.options->hold_until, kNow + 90s);
  EXPECT_EQ(sent("HOLDUNTIL=2026-11-21T10:13:07Z", {"<b@x.example>"}).envelope.options->hold_until,
            kNow + 1h);
  EXPECT_FALSE(sent("HOLDUNTIL=2026-11-21T09:13:07Z", {"<b@x.example>"}).envelope.options)
      << "a time that has come holds nothing";
}

TEST(SessionOptions, DoNotOutliveTheirTransaction) {
  Client client;
  client.greet();
  client.speak("EHLO app\r\nMAIL FROM:<a@product.com> RET=FULL MT-PRIORITY=3\r\nRSET\r\n");
  client.speak("MAIL FROM:<a@product.com>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n");
  client.speak("From: a@product.com\r\n\r\nHello\r\n.\r\n");
  ASSERT_EQ(client.stored.size(), 1u);
  EXPECT_FALSE(client.stored[0].message.envelope.options);
  EXPECT_EQ(client.stored[0].message.priority, 0);
}

TEST(SessionOptions, OfARefusedMailAreForgotten) {
  Client client;
  client.greet();
  client.speak("EHLO app\r\nMAIL FROM:<a@[192.0.2.1]> RET=FULL\r\n");
  client.speak("MAIL FROM:<a@product.com> RET=HDRS HOLDFOR=999999999\r\n");
  client.speak("MAIL FROM:<a@product.com>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n");
  client.speak("From: a@product.com\r\n\r\nHello\r\n.\r\n");
  ASSERT_EQ(client.stored.size(), 1u);
  EXPECT_FALSE(client.stored[0].message.envelope.options);
}

// RFC 6710, RFC 6758.
TEST(Priority, IsTheParametersElseTheHeaders) {
  EXPECT_EQ(sent("MT-PRIORITY=-4", {"<b@x.example>"}).priority, -4);
  EXPECT_EQ(sent("", {"<b@x.example>"}, "MT-Priority: 7\r\n").priority, 7);
  EXPECT_EQ(sent("", {"<b@x.example>"}, "mt-priority: -2 (low)\r\n").priority, -2);
  EXPECT_EQ(sent("MT-PRIORITY=0", {"<b@x.example>"}, "MT-Priority: 7\r\n").priority, 0);
  for (const char* value : {"", "high", "10", "--1", "1.5"})
    EXPECT_EQ(sent("", {"<b@x.example>"}, std::string("MT-Priority: ") + value + "\r\n").priority,
              0)
        << value;
}

// ---- The same again -----------------------------------------------------------------------------

const std::string kId = "Message-ID: <1@product.com>\r\n";

TEST(Submission, IsTheSameByMessageIdAndRecipients) {
  const std::string first = sent("", {"<b@x.example>", "<c@x.example>"}, kId).submission;
  EXPECT_EQ(first.size(), 16u);
  EXPECT_EQ(sent("", {"<c@X.Example>", "<b@x.example>"}, "Date: now\r\n" + kId).submission, first)
      << "a set of recipients; another Date";
  EXPECT_NE(sent("", {"<b@x.example>"}, kId).submission, first);
  EXPECT_NE(sent("", {"<B@x.example>", "<c@x.example>"}, kId).submission, first);
  EXPECT_NE(
      sent("", {"<b@x.example>", "<c@x.example>"}, "Message-ID: <2@product.com>\r\n").submission,
      first);
}

TEST(Submission, IsTheSameByItsKeyWhateverTheMessageId) {
  const std::string key = "X-Postern-Idempotency-Key: order-17\r\n";
  const std::string first = sent("", {"<b@x.example>"}, kId + key).submission;
  EXPECT_EQ(sent("", {"<b@x.example>"}, key).submission, first);
  EXPECT_NE(sent("", {"<b@x.example>"}, kId).submission, first);
  EXPECT_NE(sent("", {"<c@x.example>"}, key).submission, first) << "nobody's mail is lost by a key";
}

TEST(Submission, WithoutAnythingToTellItByIsUnique) {
  EXPECT_EQ(sent("", {"<b@x.example>"}).submission, "") << "the Message-ID is ours";
  EXPECT_EQ(sent("", {"<b@x.example>"}, "Message-ID: nonsense\r\n").submission, "");
  EXPECT_EQ(sent("", {"<b@x.example>"}, "Message-ID: <>\r\n").submission, "");
}

TEST(Submission, IsOfOneSenderAndOneIdentity) {
  const Envelope a{.sender = "a@x.example", .recipients = {"b@y.example"}};
  const Envelope other{.sender = "c@x.example", .recipients = {"b@y.example"}};
  const std::string first = digest_of_submission(a, "anna", "<1@x>", "");
  EXPECT_NE(digest_of_submission(other, "anna", "<1@x>", ""), first);
  EXPECT_NE(digest_of_submission(a, "", "<1@x>", ""), first);
  EXPECT_EQ(digest_of_submission(a, "anna", "<1@x>", ""), first);
}

TEST(Submission, WithRequireTlsIsNotThatWithout) {
  Envelope envelope{.sender = "a@x.example", .recipients = {"b@y.example"}};
  const std::string first = digest_of_submission(envelope, "", "<1@x>", "");
  envelope.options = std::make_shared<const Options>(Options{.envelope_id = "1"});
  EXPECT_EQ(digest_of_submission(envelope, "", "<1@x>", ""), first);
  envelope.options = std::make_shared<const Options>(Options{.require_tls = true});
  EXPECT_NE(digest_of_submission(envelope, "", "<1@x>", ""), first);
}

}  // namespace
}  // namespace postern::smtpd

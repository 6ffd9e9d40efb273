#include "classified.hpp"

namespace postern::transports {
namespace {

constexpr Expected kConfiguration(std::string_view rule, Blame blame) {
  return {rule, kDeferred, configuration, blame, FailOver::now};
}
constexpr Expected kBlocked(std::string_view rule, Blame blame = Blame::transport) {
  return {rule, kDeferred, blocked, blame, FailOver::now};
}
constexpr Expected kAuth = kConfiguration("smtp.auth-refused", Blame::transport);
constexpr Expected kSender = kConfiguration("smtp.sender-refused", Blame::sender_domain);
constexpr Expected kDns = kConfiguration("smtp.unauthenticated-domain", Blame::sender_domain);
constexpr Expected kRecipient{"smtp.bad-recipient", kRejected, recipient, Blame::recipient,
                              FailOver::never};
constexpr Expected kFull{"smtp.mailbox-full", kDeferred, temporary, Blame::recipient,
                         FailOver::never};
constexpr Expected kLarge{"smtp.too-large", kRejected, message, Blame::message, FailOver::now};
constexpr Expected kMessage{"smtp.bad-message", kRejected, message, Blame::message,
                            FailOver::never};
constexpr Expected kSpam{"smtp.spam", kRejected, message, Blame::message, FailOver::once};
constexpr Expected kTooMany{"smtp.too-many-recipients", kDeferred, temporary, Blame::none,
                            FailOver::never};
constexpr Expected kGrey{"smtp.greylisted", kDeferred, temporary, Blame::recipient,
                         FailOver::later};
constexpr Expected kRate{"smtp.rate-limited", kDeferred, rate_limited, Blame::transport,
                         FailOver::later};
constexpr Expected kThrottled{"smtp.throttled", kDeferred, rate_limited, Blame::transport,
                              FailOver::later};
constexpr Expected kTemporary{"smtp.temporary", kDeferred, temporary, Blame::transport,
                              FailOver::later};
constexpr Expected kRecipientLater{"smtp.recipient-temporary", kDeferred, temporary,
                                   Blame::recipient, FailOver::later};
constexpr Expected kNoService{"smtp.not-in-service", kDeferred, temporary, Blame::transport,
                              FailOver::later};
constexpr Expected kAuthLater{"smtp.auth-temporary", kDeferred, temporary, Blame::transport,
                              FailOver::later};
constexpr Expected kPolicy{"smtp.policy", kDeferred, temporary, Blame::transport, FailOver::later};
constexpr Expected kUnknown{"smtp.unknown-5xx", kDeferred, temporary, Blame::transport,
                            FailOver::later};

constexpr Expected kRefused{"smtp.refused", kRejected, message, Blame::message, FailOver::once};
constexpr Expected kRefusedRecipient{"smtp.refused-recipient", kRejected, recipient,
                                     Blame::recipient, FailOver::never};

class SmtpReply : public ::testing::TestWithParam<Case> {};
TEST_P(SmtpReply, MeansWhatItMustMean) {
  expect("smtp", GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Session, SmtpReply,
    ::testing::Values(Case{"5.7.8 Authentication credentials invalid", 535, kAuth, Phase::auth},
                      Case{"Authentication required", 530, kAuth, Phase::mail_from},
                      Case{"5.7.9 Authentication mechanism is too weak", 534, kAuth, Phase::auth},
                      Case{"Encryption required for requested authentication mechanism", 538, kAuth,
                           Phase::auth},
                      Case{"5.7.8 bad credentials", 500, kAuth},
                      Case{"4.7.0 Temporary authentication failure", 454, kAuthLater, Phase::auth},
                      Case{"no system available", 421, kNoService, Phase::greeting},
                      Case{"no SMTP service here", 554, kNoService, Phase::greeting},
                      Case{"4.3.2 Service shutting down", 421, kTemporary, Phase::content}));

INSTANTIATE_TEST_SUITE_P(
    Sender, SmtpReply,
    ::testing::Values(
        Case{"5.7.1 Sender not authorised", 550, kSender, Phase::mail_from},
        Case{"5.1.8 Sender address rejected: Domain not found", 550, kSender, Phase::mail_from},
        Case{"5.1.8 Sender address rejected: Domain not found", 550, kSender, Phase::rcpt_to},
        Case{"5.7.60 SMTP; Client does not have permissions to send as this sender", 550, kSender,
             Phase::content},
        Case{"go away", 550, kSender, Phase::mail_from},
        Case{"5.7.26 Unauthenticated email from x.com is not accepted due to DMARC policy", 550,
             kDns, Phase::content},
        Case{"5.7.509 Access denied, sending domain x.com does not pass DMARC", 550, kDns},
        Case{"5.7.515 Access denied, sending domain doesn't meet the required level", 550, kDns}));

INSTANTIATE_TEST_SUITE_P(
    Recipient, SmtpReply,
    ::testing::Values(
        Case{"5.1.1 <x@y.com>: Recipient address rejected: User unknown", 550, kRecipient,
             Phase::rcpt_to},
        Case{"#5.1.1 bad address", 550, kRecipient, Phase::rcpt_to},
        Case{"5.1.1 The email account that you tried to reach does not exist", 550, kRecipient,
             Phase::rcpt_to},
        Case{"5.1.2 Bad destination system address", 550, kRecipient, Phase::rcpt_to},
        Case{"5.1.3 Bad recipient address syntax", 501, kRecipient, Phase::rcpt_to},
        Case{"5.1.6 Mailbox has moved", 551, kRecipient, Phase::rcpt_to},
        Case{"5.1.10 Recipient not found", 550, kRecipient, Phase::rcpt_to},
        Case{"5.2.1 The email account that you tried to reach is disabled", 550, kRecipient,
             Phase::rcpt_to},
        Case{"5.4.1 Recipient address rejected: Access denied", 550, kRecipient, Phase::rcpt_to},
        Case{"No Such User here", 550, kRecipient, Phase::rcpt_to},
        Case{"mailbox unavailable", 550, kRecipient, Phase::rcpt_to},
        Case{"5.5.4 bad address syntax", 553, kRecipient, Phase::rcpt_to},
        Case{"5.2.2 Mailbox full", 552, kFull, Phase::rcpt_to},
        Case{"4.2.2 The recipient's inbox is out of storage space", 452, kFull, Phase::rcpt_to},
        Case{"Mailbox is full / quota exceeded", 552, kFull, Phase::rcpt_to},
        Case{"4.5.3 Too many recipients", 452, kTooMany, Phase::rcpt_to},
        Case{"Error: too many recipients", 552, kTooMany, Phase::rcpt_to},
        Case{"4.2.0 mailbox busy", 450, kRecipientLater, Phase::rcpt_to},
        Case{"4.1.2 Recipient address rejected: Domain not found", 450, kRecipientLater,
             Phase::rcpt_to},
        Case{"mailbox unavailable", 450, kRecipientLater, Phase::rcpt_to}));

INSTANTIATE_TEST_SUITE_P(
    Message, SmtpReply,
    ::testing::Values(Case{"Message size exceeds fixed maximum message size", 552, kLarge,
                           Phase::mail_from},
                      Case{"5.3.4 Message too big for system", 552, kLarge, Phase::content},
                      Case{"5.3.4 message size limit exceeded", 500, kLarge, Phase::mail_from},
                      Case{"5.6.0 Mail content malformed", 554, kMessage, Phase::content},
                      Case{"5.6.7 non-ASCII address without SMTPUTF8", 550, kMessage},
                      Case{"5.5.2 bare LF", 500, kMessage, Phase::content},
                      Case{"5.7.1 Message rejected as SPAM", 550, kSpam, Phase::content},
                      Case{"5.7.1 Our system has detected that this message is likely unsolicited",
                           550, kSpam, Phase::content},
                      Case{"Virus found", 554, kSpam, Phase::content}));

INSTANTIATE_TEST_SUITE_P(
    Provider, SmtpReply,
    ::testing::Values(
        Case{"4.7.1 Greylisting in action, please come back later", 450, kGrey, Phase::rcpt_to},
        Case{"4.7.1 Greylisted, try again in 20 seconds", 451, kGrey, Phase::rcpt_to},
        Case{"4.7.28 unusual rate of mail originating from your IP", 421, kRate, Phase::content},
        Case{"4.7.500 Server busy", 451, kRate},
        Case{"4.7.0 low reputation of your IP", 421, kRate, Phase::content},
        Case{"4.7.1 Error: too many messages from you", 450, kRate, Phase::mail_from},
        Case{"5.7.1 Relay access denied", 554, kBlocked("smtp.relay-denied"), Phase::rcpt_to},
        Case{"4.7.1 <x@y>: Relay access denied", 454, kBlocked("smtp.relay-denied"),
             Phase::rcpt_to},
        Case{"5.7.1 Your account is on hold", 550, kBlocked("smtp.account-blocked"),
             Phase::mail_from},
        Case{"5.7.1 sending suspended", 554, kBlocked("smtp.ses-paused"), Phase::content},
        Case{"5.7.1 user SUSPENDED", 554, kBlocked("smtp.account-blocked"), Phase::content},
        Case{"5.7.1 service disabled", 550, kBlocked("smtp.account-blocked"), Phase::content},
        Case{"5.7.1 monthly quota used up", 550, kBlocked("smtp.account-blocked"), Phase::content},
        Case{"5.7.1 no more credits", 550, kBlocked("smtp.account-blocked"), Phase::rcpt_to},
        Case{"5.7.1 plan limits reached", 550, kBlocked("smtp.account-blocked"), Phase::content},
        Case{"Maximum credits exceeded", 451, kBlocked("smtp.credits"), Phase::content},
        Case{"Throttling failure: Maximum sending rate exceeded.", 454, kThrottled, Phase::content},
        Case{"Throttling failure: Daily message quota exceeded.", 454,
             kBlocked("smtp.ses-daily-quota"), Phase::content},
        Case{"Message rejected: Sending paused for this account", 554, kBlocked("smtp.ses-paused"),
             Phase::content},
        Case{"Message rejected: Email address is not verified. The following identities failed",
             554, kConfiguration("smtp.ses-unverified", Blame::sender_domain), Phase::content},
        Case{"Transaction failed: Duplicate header 'DKIM-Signature'.", 554,
             kConfiguration("smtp.duplicate-signature", Blame::transport), Phase::content}));

// smtp.mailgun.org says over SMTP what its API says over HTTP.
INSTANTIATE_TEST_SUITE_P(
    MailgunOverSmtp, SmtpReply,
    ::testing::Values(Case{"Domain x.com is not allowed to send: Account disabled", 421,
                           kBlocked("mailgun.account-blocked"), Phase::content},
                      Case{"Domain x.com is not allowed to send: domain disabled", 421,
                           kBlocked("mailgun.domain-blocked", Blame::sender_domain),
                           Phase::content},
                      Case{"Domain x.com is on probation, enabled in 2081 seconds", 535,
                           kBlocked("mailgun.probation"), Phase::auth},
                      Case{"5.7.1 Free accounts are for test purposes only", 554,
                           kConfiguration("mailgun.free-account", Blame::transport),
                           Phase::content}));

INSTANTIATE_TEST_SUITE_P(
    Unknown, SmtpReply,
    ::testing::Values(Case{"5.7.1 policy 17b", 550, kPolicy, Phase::rcpt_to},
                      Case{"5.7.1 policy 17b", 554, kPolicy, Phase::content},
                      Case{"Error: command failed", 500, kUnknown},
                      Case{"Error: command failed", 500, kRefused, Phase::content},
                      Case{"transaction failed", 554, kRefused, Phase::content},
                      Case{"transaction failed", 554, kRefused, Phase::data},
                      Case{"5.3.0 something new", 554, kRefusedRecipient, Phase::rcpt_to},
                      Case{"does not accept mail", 556, kRefusedRecipient, Phase::rcpt_to},
                      Case{"bad address syntax", 501, kRefusedRecipient, Phase::rcpt_to},
                      Case{"5.5.1 out of order", 503, kRefused, Phase::rcpt_to},
                      Case{"something new", 554, kSender, Phase::mail_from},
                      Case{"4.3.0 try later", 451, kTemporary, Phase::content},
                      Case{"", 499, kTemporary, Phase::rcpt_to}));

TEST(SmtpRules, TakeAnAddressForNoEnhancedCode) {
  const Case row{"[5.1.1.9] is not welcome", 554, kRefused, Phase::content};
  expect("smtp", row);
}

TEST(SmtpRules, NeverBounceAnUnknownTemporaryReply) {
  for (const Phase phase : {Phase::none, Phase::greeting, Phase::auth, Phase::mail_from,
                            Phase::rcpt_to, Phase::data, Phase::content})
    for (int status = 400; status < 500; ++status)
      EXPECT_EQ(classified("smtp", {"something new", status, {}, phase}).kind, kDeferred) << status;
}

TEST(SmtpRules, NeverBlameAMessageForWhatCameBeforeIt) {
  for (const Phase phase : {Phase::greeting, Phase::auth, Phase::mail_from})
    for (int status = 500; status < 600; ++status) {
      if (status == 552 || status == 553) continue;  // RFC 5321: these say what they mean
      EXPECT_EQ(classified("smtp", {"something new", status, {}, phase}).kind, kDeferred) << status;
    }
}

TEST(SmtpRules, NoUnknownRefusalOfAMessageWaitsUntilItExpires) {
  for (const Phase phase : {Phase::rcpt_to, Phase::data, Phase::content})
    for (int status = 500; status < 600; ++status) {
      if (status >= 530 && status <= 538) continue;            // the account's login
      if (status == 552 && phase == Phase::rcpt_to) continue;  // arrives as 452
      EXPECT_EQ(classified("smtp", {"something new", status, {}, phase}).kind, kRejected) << status;
    }
}

TEST(SmtpRules, SplitARefusalThatSpeaksForSeveralRecipients) {
  Reply reply;
  reply.status = 550;
  reply.text = "5.1.1 User unknown";
  reply.phase = Phase::content;
  reply.recipients = 2;
  const Outcome outcome = classify(rules_for("smtp"), reply, kNow);
  EXPECT_TRUE(outcome.split);
  EXPECT_EQ(outcome.kind, kDeferred);
}

TEST(SmtpRules, BecomeABlockWhenTheRateLimitLastsLong) {
  const Outcome outcome =
      classified("smtp", {"4.7.28 unusual rate, try again in 10 minutes", 421, {}, Phase::content});
  EXPECT_EQ(outcome.meaning, blocked);
  EXPECT_EQ(outcome.retry_at, kNow + 10min);
}

}  // namespace
}  // namespace postern::transports

#include "classified.hpp"

namespace postern::transports {
namespace {

constexpr Expected kAccountLimit{"mailgun.account-limit", kDeferred, rate_limited, Blame::transport,
                                 FailOver::later};
constexpr Expected kLongAccountLimit{"mailgun.account-limit", kDeferred, blocked, Blame::transport,
                                     FailOver::now};
constexpr Expected kLimit{"mailgun.limit", kDeferred, rate_limited, Blame::sender_domain,
                          FailOver::later};
constexpr Expected kLongLimit{"mailgun.limit", kDeferred, blocked, Blame::sender_domain,
                              FailOver::now};
constexpr Expected kProbation{"mailgun.probation", kDeferred, blocked, Blame::transport,
                              FailOver::now};
constexpr Expected kSandbox{"mailgun.sandbox", kDeferred, configuration, Blame::sender_domain,
                            FailOver::now};
constexpr Expected kFree{"mailgun.free-account", kDeferred, configuration, Blame::transport,
                         FailOver::now};
constexpr Expected kUnverified{"mailgun.unverified", kDeferred, configuration, Blame::sender_domain,
                               FailOver::now};
constexpr Expected kNotActivated{"mailgun.not-activated", kDeferred, configuration,
                                 Blame::transport, FailOver::now};
constexpr Expected kVerification{"mailgun.business-verification", kDeferred, blocked,
                                 Blame::transport, FailOver::now};
constexpr Expected kBatches{"mailgun.large-batches", kDeferred, blocked, Blame::transport,
                            FailOver::now};
constexpr Expected kAccount{"mailgun.account-blocked", kDeferred, blocked, Blame::transport,
                            FailOver::now};
constexpr Expected kDomain{"mailgun.domain-blocked", kDeferred, blocked, Blame::sender_domain,
                           FailOver::now};
constexpr Expected kRecipient{"mailgun.bad-recipient", kRejected, recipient, Blame::recipient,
                              FailOver::never};
constexpr Expected kMessage{"mailgun.bad-message", kRejected, message, Blame::message,
                            FailOver::now};
constexpr Expected kUnauthorized{"mailgun.unauthorized", kDeferred, configuration, Blame::transport,
                                 FailOver::now};
constexpr Expected kForbidden{"mailgun.forbidden", kDeferred, configuration, Blame::transport,
                              FailOver::now};
constexpr Expected kPayment{"mailgun.payment", kDeferred, blocked, Blame::transport, FailOver::now};
constexpr Expected kNoDomain{"mailgun.domain-not-found", kDeferred, configuration,
                             Blame::sender_domain, FailOver::now};
constexpr Expected kTooLarge{"mailgun.too-large", kRejected, message, Blame::message,
                             FailOver::now};
constexpr Expected kRequests{"mailgun.too-many-requests", kDeferred, rate_limited, Blame::transport,
                             FailOver::later};
constexpr Expected kCalm{"mailgun.enhance-your-calm", kDeferred, rate_limited, Blame::transport,
                         FailOver::later};
constexpr Expected kRedirect{"mailgun.redirect", kDeferred, configuration, Blame::transport,
                             FailOver::now};
constexpr Expected kUnknown{"mailgun.unknown-4xx", kDeferred, temporary, Blame::transport,
                            FailOver::later};
constexpr Expected kServer{"mailgun.server-error", kUncertain, uncertain, Blame::transport,
                           FailOver::never};

class MailgunReply : public ::testing::TestWithParam<Case> {};
TEST_P(MailgunReply, MeanWhatTheyMustMean) {
  expect("mailgun", GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Documented, MailgunReply,
    ::testing::Values(
        Case{"'to' parameter is not a valid address. please check documentation", 400, kRecipient},
        Case{"from parameter is missing", 400, kMessage},
        Case{"message parameter is missing", 400, kMessage},
        Case{"'message' parameter is not a file", 400, kMessage},
        Case{"malformed multipart body", 400, kMessage},
        Case{"custom variables exceed 16 kB", 400, kMessage},
        Case{"header values must be ASCII", 400, kMessage},
        Case{"Domain sandbox123.mailgun.org is not allowed to send: Sandbox subdomains are for "
             "test purposes only. Please add your own domain",
             400, kSandbox},
        Case{"Sandbox subdomains are for test purposes only.", 403, kSandbox},
        Case{"Free accounts are for test purposes only. Please upgrade", 400, kFree},
        Case{"Domain x.com is not allowed to send: Free accounts are for test purposes only", 403,
             kFree},
        Case{"The domain is unverified and requires DNS configuration. Log in to your control "
             "panel",
             400, kUnverified},
        Case{"Domain x.com is not allowed to send: The domain is unverified and requires DNS "
             "configuration",
             403, kUnverified},
        Case{"Please activate your Mailgun account. Check your inbox", 403, kNotActivated},
        Case{"Domain x.com is not allowed to send: Account disabled", 403, kAccount},
        Case{"Domain x.com is not allowed to send: Account Inactivity", 403, kAccount},
        Case{"Domain x.com is not allowed to send: Account Terminated", 403, kAccount},
        Case{"Domain x.com is not allowed to send: domain disabled", 403, kDomain},
        Case{"Domain x.com is on probation and the account has been temporarily disabled", 400,
             kProbation},
        Case{"sending is disabled, it will be enabled in 2081 seconds", 554, kProbation},
        Case{"Business verification is required", 403, kVerification},
        Case{"You are not allowed to send large batches yet", 403, kBatches},
        Case{"Forbidden", 401, kUnauthorized}, Case{"Payment Required", 402, kPayment},
        Case{"Domain not found: x.com", 404, kNoDomain},
        Case{"Request Entity Too Large", 413, kTooLarge},
        Case{"request limit exceeded, try again after 20 seconds", 429, kLimit},
        Case{"recipient limit (26) exceeded, try again after Wed, 05 Aug 2026 18:40:30 UTC", 429,
             kLongLimit},
        Case{"bytes limit exceeded, try again after 2026-08-05T18:00:20Z", 420, kLimit},
        Case{"account-requests-per-sec limit exceeded, try again after 120 seconds", 429,
             kLongAccountLimit},
        Case{"account-requests-per-sec limit exceeded, try again after 12 seconds", 429,
             kAccountLimit},
        Case{"Internal Server Error", 500, kServer}, Case{"", 502, kServer},
        Case{"Service Unavailable", 503, kServer}, Case{"Gateway Timeout", 504, kServer}));

INSTANTIATE_TEST_SUITE_P(
    Paraphrased, MailgunReply,
    ::testing::Values(
        Case{"TO  PARAMETER  is not a valid address", 400, kRecipient},
        Case{"'from' parameter is not a valid address", 400, kMessage},
        Case{"domain OTHER.example is NOT  allowed\r\n to send:  ACCOUNT   DISABLED", 400,
             kAccount},
        Case{"Domain x.com is not allowed to send: Your account is suspended", 420, kAccount},
        Case{"Account disabled", 403, kAccount},
        Case{"Domain account-disabled.com is not allowed to send: domain disabled", 403, kDomain},
        Case{"Domain forbidden.com is not allowed to send", 429, kDomain},
        Case{"Domain limit-exceeded.com is not allowed to send: paused", 421, kDomain},
        Case{"Domain x.com is not allowed to send: Account disabled", 535, kAccount},
        Case{"Domain x.com is not allowed to send: Account disabled", 0, kAccount},
        Case{"mg.y.org on PROBATION, enabled in 77 seconds", 535, kProbation},
        Case{"sandbox domains: for test purposes only", 403, kSandbox},
        Case{"recipient limit (9001) exceeded", 400, kLimit},
        Case{"Recipient Limit Exceeded, try again after Sat, 08 Aug 2026 01:02:03 UTC", 403,
             kLongLimit},
        Case{"domain 'mg.x.com' was not found", 404, kNoDomain},
        Case{"<html>403 Forbidden</html>", 403, kForbidden},
        Case{"message size limit exceeded", 413, kTooLarge}));

INSTANTIATE_TEST_SUITE_P(
    ByStatusAlone, MailgunReply,
    ::testing::Values(Case{"", 429, kRequests}, Case{"Enhance your calm", 420, kCalm},
                      Case{"", 302, kRedirect}, Case{"", 401, kUnauthorized},
                      Case{"what?", 400, kUnknown}, Case{"no", 403, kUnknown},
                      Case{"page not found", 404, kUnknown}, Case{"I'm a teapot", 418, kUnknown},
                      Case{"unlimited exceeded", 451, kUnknown}, Case{"", 499, kUnknown}));

TEST(MailgunLimits, LastUntilTheTimeGiven) {
  const Outcome outcome = classified(
      "mailgun",
      {"recipient limit (26) exceeded, try again after Wed, 05 Aug 2026 18:40:30 UTC", 429, {}});
  EXPECT_EQ(outcome.retry_at, kNow + 40min + 30s);
}

TEST(MailgunProbation, LastsAQuarterOfAnHourUnlessATimeIsGiven) {
  EXPECT_EQ(classified("mailgun", {"domain is on probation", 400, {}}).retry_at, kNow + 15min);
  EXPECT_EQ(classified("mailgun", {"on probation, enabled in 2081 seconds", 400, {}}).retry_at,
            kNow + 2081s);
}

TEST(MailgunBlocks, WithoutATimeLeaveTheBackOffToTheBreaker) {
  EXPECT_FALSE(classified("mailgun", {"not allowed to send: Account disabled", 403, {}}).retry_at);
}

TEST(MailgunRetryAfter, IsReadForEveryRateLimit) {
  Reply reply;
  reply.status = 429;
  reply.retry_after = "7";
  EXPECT_EQ(classify(rules_for("mailgun"), reply, kNow).retry_at, kNow + 7s);
}

TEST(MailgunRetryAfter, BecomesABlockBeyondTheFailOverThreshold) {
  Reply reply;
  reply.status = 429;
  reply.retry_after = "90";
  EXPECT_EQ(classify(rules_for("mailgun"), reply, kNow, 30s).meaning, blocked);
  EXPECT_EQ(classify(rules_for("mailgun"), reply, kNow, 5min).meaning, rate_limited);
}

TEST(MailgunSplit, SeveralRecipientsAreTriedSinglyBeforeAnyoneIsBlamed) {
  for (const std::string_view text :
       {"'to' parameter is not a valid address", "not allowed to send large batches yet"}) {
    Reply reply;
    reply.status = 400;
    reply.text = text;
    reply.recipients = 3;
    const Outcome outcome = classify(rules_for("mailgun"), reply, kNow);
    EXPECT_TRUE(outcome.split) << text;
    EXPECT_EQ(outcome.kind, kDeferred) << text;
    EXPECT_EQ(outcome.blame, Blame::none) << text;
    reply.recipients = 1;
    EXPECT_FALSE(classify(rules_for("mailgun"), reply, kNow).split) << text;
  }
}

TEST(MailgunAlerts, AreRaisedWhereAnOperatorMustAct) {
  for (const auto& [status, text] : {std::pair<int, const char*>{401, "Forbidden"},
                                     {402, ""},
                                     {400, "from parameter is missing"},
                                     {403, "Business verification is required"},
                                     {403, "not allowed to send: Account disabled"},
                                     {404, "Domain not found: x.com"}})
    EXPECT_TRUE(classified("mailgun", {text, status, {}}).alert) << status << text;
  EXPECT_FALSE(classified("mailgun", {"", 429, {}}).alert);
  EXPECT_FALSE(classified("mailgun", {"", 500, {}}).alert);
}

TEST(MailgunRules, NeverBounceAnUnknown4xx) {
  for (int status = 400; status < 500; ++status) {
    if (status == 413) continue;  // says what it means
    const Outcome outcome = classified("mailgun", {"something new", status, {}});
    EXPECT_EQ(outcome.kind, kDeferred) << status;
  }
}

}  // namespace
}  // namespace postern::transports

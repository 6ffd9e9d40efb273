// Every row of what is known of SES's answers; the words are those of its documentation.
#include "classified.hpp"

namespace postern::transports {
namespace {

constexpr Expected kQuota{"ses.daily-quota", kDeferred, blocked, Blame::transport, FailOver::now};
constexpr Expected kThrottled{"ses.throttled", kDeferred, rate_limited, Blame::transport,
                              FailOver::later};
constexpr Expected kSuspended{"ses.suspended", kDeferred, blocked, Blame::transport, FailOver::now};
constexpr Expected kPaused{"ses.paused", kDeferred, blocked, Blame::transport, FailOver::now};
constexpr Expected kUnverified{"ses.unverified", kDeferred, configuration, Blame::sender_domain,
                               FailOver::now};
constexpr Expected kSet{"ses.configuration-set", kDeferred, configuration, Blame::sender_domain,
                        FailOver::now};
constexpr Expected kSignature{"ses.duplicate-signature", kDeferred, configuration, Blame::transport,
                              FailOver::now};
constexpr Expected kKeys{"ses.credentials", kDeferred, configuration, Blame::transport,
                         FailOver::now};
constexpr Expected kRecipient{"ses.bad-recipient", kRejected, recipient, Blame::recipient,
                              FailOver::never};
constexpr Expected kLarge{"ses.too-large", kRejected, message, Blame::message, FailOver::now};
constexpr Expected kMessage{"ses.bad-message", kRejected, message, Blame::message, FailOver::now};
constexpr Expected kMany{"ses.too-many-recipients", kDeferred, temporary, Blame::none,
                         FailOver::never};
constexpr Expected kRejectedOddly{"ses.rejected", kDeferred, temporary, Blame::transport,
                                  FailOver::later};
constexpr Expected kNotFound{"ses.not-found", kDeferred, configuration, Blame::sender_domain,
                             FailOver::now};
constexpr Expected kForbidden{"ses.forbidden", kDeferred, configuration, Blame::transport,
                              FailOver::now};
constexpr Expected kRedirect{"ses.redirect", kDeferred, configuration, Blame::transport,
                             FailOver::now};
constexpr Expected kUnknown{"ses.unknown-4xx", kDeferred, temporary, Blame::transport,
                            FailOver::later};
constexpr Expected kServer{"ses.server-error", kUncertain, uncertain, Blame::transport,
                           FailOver::never};

class SesReply : public ::testing::TestWithParam<Case> {};
TEST_P(SesReply, MeansWhatItMustMean) {
  expect("ses", GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Account, SesReply,
    ::testing::Values(
        Case{"TooManyRequestsException: Maximum sending rate exceeded.", 429, kThrottled},
        Case{"Throttling: Maximum sending rate exceeded.", 400, kThrottled},
        Case{"TooManyRequestsException: Too many requests have been made to the operation.", 429,
             kThrottled},
        Case{"ThrottlingException: Rate exceeded", 400, kThrottled},
        Case{"LimitExceededException: Daily message quota exceeded.", 400, kQuota},
        Case{"Throttling: Daily message quota exceeded.", 400, kQuota},
        Case{"TooManyRequestsException: Daily message quota exceeded.", 429, kQuota},
        Case{"AccountSuspendedException: The message can't be sent because the account's ability "
             "to send email has been permanently restricted.",
             400, kSuspended},
        Case{"SendingPausedException: The message can't be sent because the account's ability to "
             "send email is currently paused.",
             400, kPaused},
        Case{"MessageRejected: Sending paused for this account. For more information, please check "
             "the inbox of the email address associated with your AWS account.",
             400, kPaused},
        Case{"MessageRejected: Sending paused for configuration set postern", 400, kPaused}));

INSTANTIATE_TEST_SUITE_P(
    Configuration, SesReply,
    ::testing::Values(
        Case{"MessageRejected: Email address is not verified. The following identities failed the "
             "check in region EU-WEST-1: agent@product-a.com",
             400, kUnverified},
        Case{"MailFromDomainNotVerifiedException: The message can't be sent because the sending "
             "domain isn't verified.",
             400, kUnverified},
        Case{"NotFoundException: Configuration set <postern> does not exist.", 404, kSet},
        Case{"ConfigurationSetDoesNotExist: Configuration set <x> does not exist.", 400, kSet},
        Case{"NotFoundException: The resource you attempted to access doesn't exist.", 404,
             kNotFound},
        Case{"BadRequestException: Transaction failed: Duplicate header 'DKIM-Signature'.", 400,
             kSignature},
        Case{"InvalidSignatureException: The request signature we calculated does not match the "
             "signature you provided. Check your AWS Secret Access Key and signing method.",
             403, kKeys},
        Case{"InvalidSignatureException: Signature expired: 20261121T090000Z is now earlier than "
             "20261121T091500Z (20261121T092000Z - 5 min.)",
             403, kKeys},
        Case{"ExpiredTokenException: The security token included in the request is expired", 403,
             kKeys},
        Case{"UnrecognizedClientException: The security token included in the request is invalid.",
             403, kKeys},
        Case{"InvalidClientTokenId: The security token included in the request is invalid.", 403,
             kKeys},
        Case{"AccessDeniedException: User: arn:aws:iam::123:user/x is not authorized to perform: "
             "ses:SendRawEmail on resource: arn:aws:ses:eu-west-1:123:identity/x.com",
             403, kKeys},
        Case{"IncompleteSignature: Date must be in ISO-8601 'basic format'.", 400, kKeys}));

INSTANTIATE_TEST_SUITE_P(
    Message, SesReply,
    ::testing::Values(
        Case{"BadRequestException: Illegal address", 400, kRecipient},
        Case{"BadRequestException: Missing final '@domain'", 400, kRecipient},
        Case{"BadRequestException: Invalid domain name: '-x.com'.", 400, kRecipient},
        Case{"BadRequestException: Local address contains control or whitespace", 400, kRecipient},
        Case{"MessageRejected: Address blacklisted.", 400, kRecipient},
        Case{"BadRequestException: Recipient address contains non-ASCII characters", 400,
             kRecipient},
        Case{"BadRequestException: Message length is more than 40000000 bytes long", 400, kLarge},
        Case{"", 413, kLarge}, Case{"BadRequestException: Recipient count exceeds 50.", 400, kMany},
        Case{"BadRequestException: Transaction failed: Duplicate header 'Subject'.", 400, kMessage},
        Case{"BadRequestException: Transaction failed: Expected '/', got null", 400, kMessage},
        Case{"MessageRejected: The message can't be sent because it contains invalid content.", 400,
             kMessage},
        Case{"MessageRejected: Something that nobody has seen before.", 400, kRejectedOddly}));

INSTANTIATE_TEST_SUITE_P(ByStatusAlone, SesReply,
                         ::testing::Values(Case{"", 429, kThrottled}, Case{"", 403, kForbidden},
                                           Case{"", 401, kForbidden}, Case{"", 404, kNotFound},
                                           Case{"", 302, kRedirect}, Case{"what?", 400, kUnknown},
                                           Case{"BadRequestException: no", 400, kUnknown},
                                           Case{"I'm a teapot", 418, kUnknown},
                                           Case{"InternalFailure", 500, kServer},
                                           Case{"ServiceUnavailable", 503, kServer}));

TEST(SesLimits, LastASecondOrAnHourUnlessATimeIsGiven) {
  EXPECT_EQ(classified("ses", {"Maximum sending rate exceeded.", 429, {}}).retry_at, kNow + 1s);
  EXPECT_EQ(classified("ses", {"Daily message quota exceeded.", 400, {}}).retry_at, kNow + 1h);
  Reply reply;
  reply.status = 429;
  reply.retry_after = "7";
  EXPECT_EQ(classify(rules_for("ses"), reply, kNow).retry_at, kNow + 7s);
}

TEST(SesBlocks, WithoutATimeLeaveTheBackOffToTheBreaker) {
  EXPECT_FALSE(classified("ses", {"SendingPausedException", 400, {}}).retry_at);
}

TEST(SesAlerts, AreRaisedWhereAnOperatorMustAct) {
  for (const std::string_view text :
       {"Daily message quota exceeded.", "Sending paused for this account",
        "AccountSuspendedException", "Email address is not verified", "ExpiredTokenException",
        "MessageRejected: new"})
    EXPECT_TRUE(classified("ses", {text, 400, {}}).alert) << text;
  EXPECT_FALSE(classified("ses", {"Maximum sending rate exceeded.", 429, {}}).alert);
}

}  // namespace
}  // namespace postern::transports

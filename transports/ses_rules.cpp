// What SES's answers mean:
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html (errors) and
// /dg/troubleshoot-error-messages.html. The same words come over HTTP with a type in front
// ("MessageRejected: ...") and over SMTP behind 454, 530, 535, 553 or 554. Called through
// rules.hpp.
#include <array>
#include <vector>

#include "transports/rules.hpp"

namespace postern::transports {
namespace {

using enum Meaning;
using Kind = Outcome::Kind;
using namespace std::chrono_literals;

constexpr std::array kAccountRules{
    // The window slides over 24 hours: an hour later some of it is free again.
    Rule{.name = "ses.daily-quota",
         .pattern = "daily message quota exceeded|daily sending quota|maximum 24*hour send|"
                    "limitexceededexception|limitexceeded:",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .default_wait = 1h,
         .reads_time = true,
         .alert = true},
    Rule{.name = "ses.throttled",
         .status_from = 400,
         .status_to = 499,
         .pattern = "maximum sending rate exceeded|sending rate exceeded|throttling|"
                    "toomanyrequestsexception|too many requests|rate exceeded",
         .meaning = rate_limited,
         .default_wait = 1s,
         .reads_time = true},
    Rule{.name = "ses.suspended",
         .pattern = "accountsuspendedexception|account*permanently restricted|account*suspended|"
                    "account*shut down|sending suspended",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .alert = true},
    // "Sending paused for this account", "... for configuration set x"
    Rule{.name = "ses.paused",
         .pattern = "sendingpausedexception|sending paused|sending is paused|sending*is disabled|"
                    "account*currently paused|accountsendingpaused",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "ses.unverified",
         .pattern = "is not verified|isn't verified|identities failed the check|"
                    "mailfromdomainnotverified",
         .meaning = configuration,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "ses.configuration-set",
         .pattern = "configuration set*does not exist|configurationsetdoesnotexist|"
                    "configuration set*not found",
         .meaning = configuration,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .alert = true},
    // Ours: SES takes one signature only, and ses_header() removes the others.
    Rule{.name = "ses.duplicate-signature",
         .pattern = "duplicate header 'dkim-signature'|duplicate header dkim-signature|"
                    "duplicate header \"dkim-signature\"",
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    // Keys, their rights, or a clock that is wrong.
    Rule{.name = "ses.credentials",
         .pattern = "invalidsignature|signaturedoesnotmatch|signature we calculated|"
                    "signature expired|signature not yet current|incompletesignature|"
                    "expiredtoken|security token*expired|security token*invalid|requestexpired|"
                    "invalidclienttokenid|unrecognizedclient|missingauthenticationtoken|"
                    "accessdenied|access denied: user|not authorized to perform|optinrequired|"
                    "authentication credentials invalid",
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "ses.bad-recipient",
         .status_from = 400,
         .status_to = 599,
         .pattern = "illegal address|missing final '@domain'|invalid domain name|"
                    "local address contains|local address starts|local address ends|"
                    "domain contains|domain starts with|domain ends with|address blacklisted|"
                    "recipient*non-ascii|address*non-ascii",
         .kind = Kind::rejected,
         .meaning = recipient,
         .blame = Blame::recipient,
         .fail_over = FailOver::never,
         .split = true},
};

constexpr std::array kStatusRules{
    Rule{.name = "ses.too-large",
         .status_from = 413,
         .status_to = 413,
         .kind = Kind::rejected,
         .meaning = message,
         .blame = Blame::message,
         .fail_over = FailOver::now},
    Rule{.name = "ses.too-large",
         .status_from = 400,
         .status_to = 499,
         .pattern = "message length is more than|message is too long|message too long|"
                    "maximum message size|requestentitytoolarge|request entity too large",
         .kind = Kind::rejected,
         .meaning = message,
         .blame = Blame::message,
         .fail_over = FailOver::now},
    Rule{.name = "ses.too-many-recipients",
         .status_from = 400,
         .status_to = 499,
         .pattern = "recipient count exceeds|too many recipients",
         .blame = Blame::none,
         .fail_over = FailOver::never,
         .split = true},
    // The MIME of the message; another provider may be less strict.
    Rule{.name = "ses.bad-message",
         .status_from = 400,
         .status_to = 499,
         .pattern = "duplicate header|expected '/'|invalid content|missing required header|"
                    "could not parse|malformed|nested group|transaction failed: ",
         .kind = Kind::rejected,
         .meaning = message,
         .blame = Blame::message,
         .fail_over = FailOver::now,
         .alert = true},
    // In words we do not know. An account's trouble has come as MessageRejected before, so it is no
    // word about the message.
    Rule{.name = "ses.rejected",
         .status_from = 400,
         .status_to = 499,
         .pattern = "messagerejected|message rejected",
         .alert = true},
    Rule{.name = "ses.not-found",
         .status_from = 404,
         .status_to = 404,
         .meaning = configuration,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "ses.forbidden",
         .status_from = 401,
         .status_to = 403,
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "ses.throttled",
         .status_from = 429,
         .status_to = 429,
         .meaning = rate_limited,
         .default_wait = 1s,
         .reads_time = true},
    // We follow no redirect: base_url or region is wrong.
    Rule{.name = "ses.redirect",
         .status_from = 300,
         .status_to = 399,
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    // Never a bounce: who has not said "no" in words we know may say "yes" tomorrow.
    Rule{.name = "ses.unknown-4xx", .status_from = 400, .status_to = 499, .reads_time = true},
    // SES cannot be asked whether it took it.
    Rule{.name = "ses.server-error",
         .status_from = 500,
         .status_to = 599,
         .kind = Kind::uncertain,
         .meaning = uncertain,
         .fail_over = FailOver::never},
};

}  // namespace

std::span<const Rule> ses_account_rules() {
  return kAccountRules;
}

std::span<const Rule> ses_rules() {
  static const std::vector<Rule> kTable = [] {
    std::vector<Rule> table(kAccountRules.begin(), kAccountRules.end());
    table.insert(table.end(), kStatusRules.begin(), kStatusRules.end());
    return table;
  }();
  return kTable;
}

}  // namespace postern::transports

// What Mailgun's answers mean: https://documentation.mailgun.com (errors, rate limits, sandbox and
// unverified domains) and what users reported. Text first, status second: the same condition comes
// as 400, 403, 420 or 429, and over SMTP as 421, 535 or 554. Called through rules.hpp.
#include <array>
#include <vector>

#include "transports/rules.hpp"

namespace postern::transports {
namespace {

using enum Meaning;
using Kind = Outcome::Kind;
using namespace std::chrono_literals;

constexpr std::array kAccountRules{
    // "account-requests-per-sec limit exceeded, try again after 120 seconds"
    Rule{.name = "mailgun.account-limit",
         .pattern = "account*limit exceeded|account*limit (*) exceeded",
         .meaning = rate_limited,
         .reads_time = true},
    // "recipient limit (26) exceeded, try again after Wed, 05 Aug 2026 18:40:30 UTC": new domains
    // have limits of their own, so only this one is held back.
    Rule{.name = "mailgun.limit",
         .pattern = "limit exceeded|limit (*) exceeded|limit has been exceeded|"
                    "exceeded*limit*try again after",
         .meaning = rate_limited,
         .blame = Blame::sender_domain,
         .reads_time = true},
    // "... on probation and the account has been temporarily disabled", "enabled in 2081 seconds"
    Rule{.name = "mailgun.probation",
         .pattern = "on probation|account*temporarily disabled|enabled in * second|"
                    "enabled in * minute",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .default_wait = 15min,
         .reads_time = true},
    Rule{.name = "mailgun.sandbox",
         .pattern = "sandbox subdomains are for test|sandbox*test purposes only",
         .meaning = configuration,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.free-account",
         .pattern = "free accounts are for test|free account*test purposes only",
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.unverified",
         .pattern = "domain is unverified|requires dns configuration|domain*is not verified",
         .meaning = configuration,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.not-activated",
         .pattern = "activate your mailgun account|activate your account",
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.business-verification",
         .pattern = "business verification",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .reads_time = true,
         .alert = true},
    Rule{.name = "mailgun.large-batches",
         .pattern = "allowed to send large batches",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .reads_time = true,
         .split = true},
    // "Domain X is not allowed to send: Account disabled": the words after the colon count; the
    // domain may itself be called account-disabled.example.
    Rule{.name = "mailgun.account-blocked",
         .pattern = "not allowed to send*account|account is disabled|account disabled|"
                    "account inactivity|account terminated|account suspended|"
                    "account has been disabled|account has been suspended|account is suspended",
         .meaning = blocked,
         .fail_over = FailOver::now,
         .reads_time = true,
         .alert = true},
    Rule{.name = "mailgun.domain-blocked",
         .pattern = "not allowed to send|domain disabled|domain is disabled|"
                    "domain has been disabled",
         .meaning = blocked,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .reads_time = true,
         .alert = true},
};

// Before the limits: "size limit exceeded" is no rate limit.
constexpr Rule kTooLarge{.name = "mailgun.too-large",
                         .status_from = 413,
                         .status_to = 413,
                         .kind = Kind::rejected,
                         .meaning = message,
                         .blame = Blame::message,
                         .fail_over = FailOver::now};

constexpr std::array kStatusRules{
    Rule{.name = "mailgun.bad-recipient",
         .status_from = 400,
         .status_to = 400,
         .pattern = "'to' parameter is not a valid|to parameter is not a valid",
         .kind = Kind::rejected,
         .meaning = recipient,
         .blame = Blame::recipient,
         .fail_over = FailOver::never,
         .split = true},
    // Our own bug or a message Mailgun cannot take; another transport may.
    Rule{.name = "mailgun.bad-message",
         .status_from = 400,
         .status_to = 400,
         .pattern = "from parameter|'from' parameter|message parameter|'message' parameter|"
                    "parameter is missing|message is missing|message missing|missing message|"
                    "not a file|malformed|multipart|16 kb|16kb|header*ascii",
         .kind = Kind::rejected,
         .meaning = message,
         .blame = Blame::message,
         .fail_over = FailOver::now,
         .alert = true},
    // Key, region or the account's list of addresses; as 403 from the gate in front.
    Rule{.name = "mailgun.unauthorized",
         .status_from = 401,
         .status_to = 401,
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.forbidden",
         .status_from = 403,
         .status_to = 403,
         .pattern = "forbidden|invalid private key|invalid api key",
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.payment",
         .status_from = 402,
         .status_to = 402,
         .meaning = blocked,
         .fail_over = FailOver::now,
         .reads_time = true,
         .alert = true},
    Rule{.name = "mailgun.domain-not-found",
         .status_from = 404,
         .status_to = 404,
         .pattern = "domain*not found",
         .meaning = configuration,
         .blame = Blame::sender_domain,
         .fail_over = FailOver::now,
         .alert = true},
    Rule{.name = "mailgun.too-many-requests",
         .status_from = 429,
         .status_to = 429,
         .meaning = rate_limited,
         .reads_time = true},
    Rule{.name = "mailgun.enhance-your-calm",
         .status_from = 420,
         .status_to = 420,
         .meaning = rate_limited,
         .reads_time = true},
    // We follow no redirect: base_url or region is wrong.
    Rule{.name = "mailgun.redirect",
         .status_from = 300,
         .status_to = 399,
         .meaning = configuration,
         .fail_over = FailOver::now,
         .alert = true},
    // Never a bounce: who has not said "no" in words we know may say "yes" tomorrow.
    Rule{.name = "mailgun.unknown-4xx", .status_from = 400, .status_to = 499, .reads_time = true},
    // Users report 5xx for mail that was sent.
    Rule{.name = "mailgun.server-error",
         .status_from = 500,
         .status_to = 599,
         .kind = Kind::uncertain,
         .meaning = uncertain,
         .fail_over = FailOver::never},
};

}  // namespace

std::span<const Rule> mailgun_account_rules() {
  return kAccountRules;
}

std::span<const Rule> mailgun_rules() {
  static const std::vector<Rule> kTable = [] {
    std::vector<Rule> table{kTooLarge};
    table.insert(table.end(), kAccountRules.begin(), kAccountRules.end());
    table.insert(table.end(), kStatusRules.begin(), kStatusRules.end());
    return table;
  }();
  return kTable;
}

}  // namespace postern::transports

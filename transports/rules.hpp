#pragma once
// The rule tables, one file per provider; classify.cpp finds them by transport type. Rows and their
// order are the facts of each provider's documentation and of what users saw.
#include <span>

#include "transports/classify.hpp"

namespace postern::transports {

std::span<const Rule> mailgun_rules();
std::span<const Rule> ses_rules();
std::span<const Rule> smtp_rules();

/// What Mailgun says of account, domain and limits in the same words over HTTP (400, 403, 420, 429)
/// and SMTP (421, 535, 554): part of both tables.
std::span<const Rule> mailgun_account_rules();
/// The same of SES.
std::span<const Rule> ses_account_rules();

}  // namespace postern::transports

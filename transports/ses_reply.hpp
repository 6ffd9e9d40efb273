#pragma once
// SES's JSON, read: the answer to SendEmail, its errors, the account. Pure; never throws on input.
#include <string>
#include <string_view>

#include "net/http_client.hpp"
#include "transports/transport.hpp"

namespace postern::transports {

/// The outcome of a SendEmail that spoke for `recipients`.
Outcome read_ses_response(const net::HttpResponse& response, std::size_t recipients, Time now,
                          Duration failover_after);

/// "TooManyRequestsException: Maximum sending rate exceeded."; the body as it is where it is no
/// error of AWS.
std::string read_ses_error(const net::HttpResponse& response);

/// What GetAccount says of the account, believed until `until`.
Account read_ses_account(const net::HttpResponse& response, Time until);

}  // namespace postern::transports

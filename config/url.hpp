#pragma once
// The two kinds of URL a configuration holds. The only user of Boost.URL.
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "core/result.hpp"

namespace postern::config {

/// scheme://host[:port] of http or https, nothing behind it; answered without a trailing slash.
Result<std::string> parse_base_url(std::string_view text);

/// A smarthost as smtp+starttls://user:password@host:587 (587), smtps://... (465) or smtp://...
/// (25, STARTTLS where it is offered, none to this machine), or SES as ses://key:secret@region.
/// User and password are percent-decoded.
Result<Transport> parse_backup_url(std::string_view text);

/// "eu-west-1", "us-gov-east-1": words of letters, the last one a number.
bool is_aws_region(std::string_view text);

/// A DNS name (RFC 1123; "_" and UTF-8 labels are let through) or an IP address.
bool is_host(std::string_view text);

}  // namespace postern::config

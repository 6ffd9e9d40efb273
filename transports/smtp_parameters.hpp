#pragma once
// What a client asked of us, as parameters for a smarthost that offers the same (its EHLO), and
// what cannot be done without the offer. Part of SmtpClient. Pure: text is appended to a command.
#include <optional>
#include <string>

#include "core/message.hpp"
#include "transports/smtp_handshake.hpp"

namespace postern::transports {

/// Why a message with these Options cannot go to this peer; one line that begins with its RFC 3463
/// status. `is_safe`: under TLS with a verified certificate.
std::optional<std::string> why_impossible(const Message& message, const SmtpExtensions& offered,
                                          bool is_safe, Time now);

/// For MAIL. FUTURERELEASE is never passed on: the hold was ours.
void append_parameters(std::string& command, const SmtpExtensions& offered, const Message& message,
                       Time now);
/// For RCPT.
void append_parameters(std::string& command, const SmtpExtensions& offered,
                       const RecipientOptions& recipient);

}  // namespace postern::transports

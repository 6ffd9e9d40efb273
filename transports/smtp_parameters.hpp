#pragma once
// What a client asked of us, as parameters for a smarthost that offers the same (its EHLO). Part of
// SmtpClient. Pure: text is appended to a command line.
#include <string>

#include "core/message.hpp"
#include "transports/smtp_handshake.hpp"

namespace postern::transports {

/// For MAIL.
void append_parameters(std::string& command, const SmtpExtensions& offered,
                       const Envelope& envelope);
/// For RCPT.
void append_parameters(std::string& command, const SmtpExtensions& offered,
                       const RecipientOptions& recipient);

}  // namespace postern::transports

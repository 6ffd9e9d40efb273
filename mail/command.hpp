#pragma once
// The grammar of what an SMTP client may say (RFC 5321 section 4.1.1): verb, argument, ESMTP
// parameters. Used by smtpd/session, which owns verbs, order and replies. Pure; a command is one
// line without its CRLF; views point into it.
#include <string_view>

#include "core/result.hpp"
#include "mail/address.hpp"
#include "mail/parameters.hpp"

namespace postern::mail {

[[noreturn]] void throw_exception_from_error(CommandFault fault, const boost::source_location&);

template <class T>
using CommandResult = boost::system::result<T, CommandFault>;

struct CommandLine {
  std::string_view verb;
  std::string_view argument;  // without the space before it and without trailing white space
};

struct MailCommand {
  Path sender;
  MailParameters parameters;
};

struct RcptCommand {
  Path recipient;
  RcptParameters parameters;
};

/// Cuts a line at its first space. Never fails: an unknown verb is the session's affair.
CommandLine split_command(std::string_view line);

/// `argument` of MAIL: FROM:<path> and parameters.
CommandResult<MailCommand> parse_mail(std::string_view argument);

/// `argument` of RCPT: TO:<path> and parameters. `smtputf8`: MAIL asked for it.
CommandResult<RcptCommand> parse_rcpt(std::string_view argument, bool smtputf8);

/// A client's name for itself: one visible word of at most 255 bytes. What it says is not checked
/// against anything: clients ship with made-up names.
bool is_client_name(std::string_view argument);

}  // namespace postern::mail

#pragma once
// The grammar of what an SMTP client may say (RFC 5321 section 4.1.1): verb, argument, ESMTP
// parameters. Used by smtpd/session, which owns verbs, order and replies. Pure; a command is one
// line without its CRLF; views point into it.
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.hpp"
#include "mail/address.hpp"

namespace postern::mail {

enum class CommandFault {
  syntax,   // not "FROM:<...>" or "TO:<...>", or junk after the path
  address,  // the path is not one
  address_too_long,
  open_quote,    // a quoted string that does not end
  no_recipient,  // RCPT TO:<>
  size,          // SIZE is empty, not a number, or there twice (RFC 1870)
  parameter,     // an unknown, repeated or misused ESMTP parameter
};

[[noreturn]] void throw_exception_from_error(CommandFault fault, const boost::source_location&);

template <class T>
using CommandResult = boost::system::result<T, CommandFault>;

struct CommandLine {
  std::string_view verb;
  std::string_view argument;  // without the space before it and without trailing white space
};

/// MAIL FROM:<path> [SIZE=n] [BODY=7BIT|8BITMIME] [SMTPUTF8] [AUTH=mailbox]
struct MailCommand {
  Path sender;
  std::optional<std::uint64_t> size_bytes;  // the largest value where the number does not fit
  bool eight_bit_mime = false;
  bool smtputf8 = false;
};

/// Cuts a line at its first space. Never fails: an unknown verb is the session's affair.
CommandLine split_command(std::string_view line);

/// `argument` of MAIL. AUTH= (RFC 4954 section 5) is checked and dropped: we trust nobody's word.
CommandResult<MailCommand> parse_mail(std::string_view argument);

/// `argument` of RCPT: one forward path, no parameters.
CommandResult<Path> parse_rcpt(std::string_view argument);

/// A client's name for itself: one visible word of at most 255 bytes. What it says is not checked
/// against anything: clients ship with made-up names.
bool is_client_name(std::string_view argument);

}  // namespace postern::mail

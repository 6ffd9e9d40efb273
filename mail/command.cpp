#include "mail/command.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace postern::mail {
namespace {

CommandFault fault_of(AddressFault fault) {
  switch (fault) {
    case AddressFault::too_long:
      return CommandFault::address_too_long;
    case AddressFault::open_quote:
      return CommandFault::open_quote;
    case AddressFault::syntax:
      break;
  }
  return CommandFault::address;
}

std::string_view without_leading_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

// "FROM:" <path>; `rest` becomes what follows the path. A space after the colon is not in the
// grammar but common among hand-written clients.
CommandResult<Path> take_path(std::string_view argument, std::string_view keyword,
                              std::string_view& rest) {
  if (!istarts_with(argument, keyword)) return CommandFault::syntax;
  const std::string_view text = without_leading_spaces(argument.substr(keyword.size()));
  if (!text.starts_with('<')) return CommandFault::syntax;
  const auto path = parse_path(text);
  if (!path) return fault_of(path.error());
  rest = text.substr(path->length);
  if (!rest.empty() && rest.front() != ' ') return CommandFault::syntax;
  return *path;
}

}  // namespace

void throw_exception_from_error(CommandFault, const boost::source_location&) {
  throw std::runtime_error("not a command");
}

CommandLine split_command(std::string_view line) {
  const auto space = line.find_first_of(" \t");
  if (space == std::string_view::npos) return {line, {}};
  return {line.substr(0, space), trim(line.substr(space))};
}

CommandResult<MailCommand> parse_mail(std::string_view argument) {
  std::string_view rest;
  const auto sender = take_path(argument, "FROM:", rest);
  if (!sender) return sender.error();
  // <Postmaster> without a domain is a forward path only.
  if (!sender->address.empty() && sender->address.find('@') == std::string_view::npos)
    return CommandFault::address;

  MailCommand command{.sender = *sender, .parameters = {}};
  if (const auto fault = parse_parameters(rest, command.parameters)) return *fault;
  return command;
}

CommandResult<RcptCommand> parse_rcpt(std::string_view argument, bool smtputf8) {
  std::string_view rest;
  const auto recipient = take_path(argument, "TO:", rest);
  if (!recipient) return recipient.error();
  if (recipient->address.empty()) return CommandFault::no_recipient;
  RcptCommand command{.recipient = *recipient, .parameters = {}};
  if (const auto fault = parse_parameters(rest, smtputf8, command.parameters)) return *fault;
  return command;
}

bool is_client_name(std::string_view argument) {
  return !argument.empty() && argument.size() <= kMaxDomainBytes && is_utf8(argument) &&
         std::none_of(argument.begin(), argument.end(),
                      [](char c) { return c == 0x7F || (c >= 0 && c <= 0x20); });
}

}  // namespace postern::mail

#include "mail/command.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "core/text.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxSizeDigits = 20;       // RFC 1870 section 4
constexpr std::size_t kMaxParameterBytes = 500;  // RFC 4954 section 3, the longest there is

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

struct Parameter {
  std::string_view keyword;
  std::string_view value;
  bool has_value = false;
};

// esmtp-param of RFC 5321 section 4.1.2.
Parameter take_parameter(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest = without_leading_spaces(rest.substr(word.size()));
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {word, {}, false};
  return {word.substr(0, equals), word.substr(equals + 1), true};
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  const bool numeric = !digits.empty() && digits.size() <= kMaxSizeDigits &&
                       digits.find_first_not_of("0123456789") == std::string_view::npos;
  if (!numeric) return std::nullopt;
  return parse_number(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

bool is_xtext(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7F && c != '='; });
}

using Taken = std::optional<CommandFault>;  // empty: accepted

Taken take_size(const Parameter& parameter, MailCommand& command) {
  if (command.size_bytes) return CommandFault::size;
  command.size_bytes = parse_size(parameter.value);
  return command.size_bytes ? Taken{} : CommandFault::size;
}

Taken take_body(const Parameter& parameter, MailCommand& command) {
  command.eight_bit_mime = iequals(parameter.value, "8BITMIME");
  return command.eight_bit_mime || iequals(parameter.value, "7BIT") ? Taken{}
                                                                    : CommandFault::parameter;
}

Taken take_smtputf8(const Parameter& parameter, MailCommand& command) {
  command.smtputf8 = true;
  return parameter.has_value ? CommandFault::parameter : Taken{};
}

Taken take_auth(const Parameter& parameter, MailCommand&) {
  const bool fits = !parameter.value.empty() && parameter.value.size() <= kMaxParameterBytes;
  return fits && is_xtext(parameter.value) ? Taken{} : CommandFault::parameter;
}

struct KnownParameter {
  std::string_view keyword;
  Taken (*take)(const Parameter&, MailCommand&);
};

constexpr std::array<KnownParameter, 4> kMailParameters{{
    {"SIZE", take_size},          // RFC 1870
    {"BODY", take_body},          // RFC 6152
    {"SMTPUTF8", take_smtputf8},  // RFC 6531
    {"AUTH", take_auth},          // RFC 4954
}};

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

  MailCommand command;
  command.sender = *sender;
  std::array<bool, kMailParameters.size()> seen{};
  rest = without_leading_spaces(rest);
  while (!rest.empty()) {
    const Parameter parameter = take_parameter(rest);
    const auto known = std::find_if(
        kMailParameters.begin(), kMailParameters.end(),
        [&](const KnownParameter& row) { return iequals(row.keyword, parameter.keyword); });
    if (known == kMailParameters.end()) return CommandFault::parameter;
    if (const Taken fault = known->take(parameter, command)) return *fault;
    bool& repeated = seen.at(static_cast<std::size_t>(known - kMailParameters.begin()));
    if (repeated) return CommandFault::parameter;
    repeated = true;
  }
  return command;
}

CommandResult<Path> parse_rcpt(std::string_view argument) {
  std::string_view rest;
  const auto recipient = take_path(argument, "TO:", rest);
  if (!recipient) return recipient.error();
  if (recipient->address.empty()) return CommandFault::no_recipient;
  if (!without_leading_spaces(rest).empty()) return CommandFault::parameter;
  return *recipient;
}

bool is_client_name(std::string_view argument) {
  return !argument.empty() && argument.size() <= kMaxDomainBytes && is_utf8(argument) &&
         std::none_of(argument.begin(), argument.end(),
                      [](char c) { return c == 0x7F || (c >= 0 && c <= 0x20); });
}

}  // namespace postern::mail

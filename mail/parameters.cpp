#include "mail/parameters.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "core/text.hpp"
#include "mail/xtext.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxSizeDigits = 20;     // RFC 1870 section 4
constexpr std::size_t kMaxAuthBytes = 500;     // RFC 4954 section 3
constexpr std::size_t kMaxIntervalDigits = 9;  // RFC 2852 section 4, RFC 4865 section 4
constexpr std::string_view kDigits = "0123456789";

struct Parameter {
  std::string_view keyword;
  std::string_view value;
  bool has_value = false;
};

// esmtp-param of RFC 5321 section 4.1.2.
Parameter take_parameter(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {word, {}, false};
  return {word.substr(0, equals), word.substr(equals + 1), true};
}

using Taken = std::optional<CommandFault>;  // empty: accepted

Taken taken_if(bool good, CommandFault otherwise) {
  return good ? Taken{} : otherwise;
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  const bool numeric = !digits.empty() && digits.size() <= kMaxSizeDigits &&
                       digits.find_first_not_of(kDigits) == std::string_view::npos;
  if (!numeric) return std::nullopt;
  return parse_number(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

std::optional<std::chrono::seconds> parse_seconds(std::string_view digits) {
  const auto number = digits.size() <= kMaxIntervalDigits ? parse_number(digits) : std::nullopt;
  if (!number) return std::nullopt;
  return std::chrono::seconds(*number);
}

// ---- MAIL ---------------------------------------------------------------------------------------

Taken take_size(const Parameter& parameter, MailParameters& into) {
  if (into.size_bytes) return CommandFault::size;
  into.size_bytes = parse_size(parameter.value);
  return taken_if(into.size_bytes.has_value(), CommandFault::size);
}

Taken take_body(const Parameter& parameter, MailParameters& into) {
  into.eight_bit_mime = iequals(parameter.value, "8BITMIME");
  return taken_if(into.eight_bit_mime || iequals(parameter.value, "7BIT"), CommandFault::value);
}

Taken take_smtputf8(const Parameter& parameter, MailParameters& into) {
  into.smtputf8 = true;
  return taken_if(!parameter.has_value, CommandFault::value);
}

Taken take_auth(const Parameter& parameter, MailParameters&) {
  const bool fits = !parameter.value.empty() && parameter.value.size() <= kMaxAuthBytes;
  return taken_if(fits && std::all_of(parameter.value.begin(), parameter.value.end(),
                                      [](char c) { return c > 0x20 && c < 0x7F && c != '='; }),
                  CommandFault::value);
}

Taken take_ret(const Parameter& parameter, MailParameters& into) {
  if (iequals(parameter.value, "FULL"))
    into.ret = Options::Return::full;
  else if (iequals(parameter.value, "HDRS"))
    into.ret = Options::Return::headers;
  else
    return CommandFault::value;
  return {};
}

Taken take_envid(const Parameter& parameter, MailParameters& into) {
  into.envelope_id = parameter.value;
  return taken_if(is_envelope_id(parameter.value), CommandFault::value);
}

Taken take_requiretls(const Parameter& parameter, MailParameters& into) {
  into.require_tls = true;
  return taken_if(!parameter.has_value, CommandFault::value);
}

Taken take_mt_priority(const Parameter& parameter, MailParameters& into) {
  const bool negative = parameter.value.starts_with('-');
  const std::string_view digit = parameter.value.substr(negative ? 1 : 0);
  if (digit.size() != 1 || kDigits.find(digit) == std::string_view::npos)
    return CommandFault::value;
  into.priority = negative ? '0' - digit.front() : digit.front() - '0';
  return {};
}

Taken take_by(const Parameter& parameter, MailParameters& into) {
  const auto semicolon = parameter.value.find(';');
  if (semicolon == std::string_view::npos) return CommandFault::value;
  std::string_view time = parameter.value.substr(0, semicolon);
  const std::string_view mode = parameter.value.substr(semicolon + 1);
  const bool negative = time.starts_with('-');
  if (negative || time.starts_with('+')) time.remove_prefix(1);
  const auto seconds = parse_seconds(time);
  const bool is_mode = iequals(mode.substr(0, 1), "N") || iequals(mode.substr(0, 1), "R");
  if (!seconds || !is_mode || !(mode.size() == 1 || iequals(mode.substr(1), "T")))
    return CommandFault::value;
  DeliverWithin by{.within = negative ? -*seconds : *seconds,
                   .or_return = iequals(mode.substr(0, 1), "R"),
                   .trace = mode.size() == 2};
  // Section 4: nothing can be returned before it was sent.
  if (by.or_return && by.within.count() <= 0) return CommandFault::value;
  into.deliver_within = by;
  return {};
}

Taken take_holdfor(const Parameter& parameter, MailParameters& into) {
  into.hold_for = parse_seconds(parameter.value);
  return taken_if(into.hold_for && into.hold_for->count() > 0 && !into.hold_until,
                  CommandFault::value);
}

Taken take_holduntil(const Parameter& parameter, MailParameters& into) {
  into.hold_until = parse_rfc3339(parameter.value);
  return taken_if(into.hold_until && !into.hold_for, CommandFault::value);
}

// ---- RCPT ---------------------------------------------------------------------------------------

struct Rcpt {
  RcptParameters& into;
  bool smtputf8 = false;
};

Taken take_notify(const Parameter& parameter, Rcpt& rcpt) {
  Notify notify;
  if (!iequals(parameter.value, "NEVER")) {
    for (const std::string_view word : split(parameter.value, ',')) {
      if (iequals(word, "SUCCESS"))
        notify.success = true;
      else if (iequals(word, "FAILURE"))
        notify.failure = true;
      else if (iequals(word, "DELAY"))
        notify.delay = true;
      else
        return CommandFault::value;
    }
  }
  rcpt.into.notify = notify;
  return {};
}

Taken take_orcpt(const Parameter& parameter, Rcpt& rcpt) {
  rcpt.into.original_recipient = parameter.value;
  return taken_if(is_original_recipient(parameter.value, rcpt.smtputf8), CommandFault::value);
}

// ---- The tables ---------------------------------------------------------------------------------

template <class Target>
struct Known {
  std::string_view keyword;
  Taken (*take)(const Parameter&, Target&);
};

constexpr std::array<Known<MailParameters>, 11> kMail{{
    {"SIZE", take_size},                // RFC 1870
    {"BODY", take_body},                // RFC 6152
    {"SMTPUTF8", take_smtputf8},        // RFC 6531
    {"AUTH", take_auth},                // RFC 4954
    {"RET", take_ret},                  // RFC 3461
    {"ENVID", take_envid},              // RFC 3461
    {"REQUIRETLS", take_requiretls},    // RFC 8689
    {"MT-PRIORITY", take_mt_priority},  // RFC 6710
    {"BY", take_by},                    // RFC 2852
    {"HOLDFOR", take_holdfor},          // RFC 4865
    {"HOLDUNTIL", take_holduntil},      // RFC 4865
}};

constexpr std::array<Known<Rcpt>, 2> kRcpt{{
    {"NOTIFY", take_notify},  // RFC 3461
    {"ORCPT", take_orcpt},    // RFC 3461
}};

template <class Target, std::size_t count>
Taken take_all(std::string_view text, const std::array<Known<Target>, count>& table,
               Target& target) {
  std::array<bool, count> seen{};
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  while (!text.empty()) {
    const Parameter parameter = take_parameter(text);
    const auto known = std::find_if(table.begin(), table.end(), [&](const Known<Target>& row) {
      return iequals(row.keyword, parameter.keyword);
    });
    if (known == table.end()) return CommandFault::parameter;
    bool& repeated = seen.at(static_cast<std::size_t>(known - table.begin()));
    // RFC 1870 has an answer of its own for SIZE.
    if (repeated && known->keyword != "SIZE") return CommandFault::repeated;
    repeated = true;
    if (const Taken fault = known->take(parameter, target)) return fault;
  }
  return {};
}

}  // namespace

std::optional<CommandFault> parse_parameters(std::string_view text, MailParameters& parameters) {
  return take_all(text, kMail, parameters);
}

std::optional<CommandFault> parse_parameters(std::string_view text, bool smtputf8,
                                             RcptParameters& parameters) {
  Rcpt rcpt{parameters, smtputf8};
  return take_all(text, kRcpt, rcpt);
}

}  // namespace postern::mail

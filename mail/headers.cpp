#include "mail/headers.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "mail/author.hpp"

namespace postern::mail {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_field_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

// The id with its brackets. Some clients fold before it; nobody folds within.
std::string_view id_in(std::string_view value) {
  const std::string_view id = trim(value);
  const auto open = id.find('<');
  const auto close = id.find('>', open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  const std::string_view bracketed = id.substr(open, close - open + 1);
  if (bracketed == "<>") return {};  // names no message: two that have it are not the same
  return bracketed.find_first_of(" \t\r\n") == std::string_view::npos ? bracketed
                                                                      : std::string_view{};
}

// Ours; nobody else is to see it.
constexpr std::string_view kIdempotencyKey = "X-Postern-Idempotency-Key";

// Bcc: RFC 5322 section 3.6.3; the envelope decides. Return-Path: RFC 5321 section 4.4; only the
// last server writes it. X-Mailgun-*: would steer the provider in our name.
bool must_not_leave(std::string_view name) {
  return iequals(name, "Bcc") || iequals(name, "Resent-Bcc") || iequals(name, "Return-Path") ||
         istarts_with(name, "X-Mailgun-") || iequals(name, kIdempotencyKey);
}

// priority-value of RFC 6758 section 3, without the comment that may follow.
int priority_in(std::string_view value) {
  std::string_view word = trim(value);
  word = word.substr(0, word.find_first_of(" \t("));
  const bool negative = word.starts_with('-');
  if (negative) word.remove_prefix(1);
  if (word.size() != 1 || word.front() < '0' || word.front() > '9') return 0;
  return negative ? '0' - word.front() : word.front() - '0';
}

// What its sender calls bulk: RFC 2076 section 3.9, and RFC 2369, which mailing lists and marketing
// mail carry.
bool says_bulk(const HeaderField& field) {
  if (iequals(field.name, "List-Unsubscribe")) return true;
  if (!iequals(field.name, "Precedence")) return false;
  const std::string_view value = trim(field.value);
  return iequals(value, "bulk") || iequals(value, "list") || iequals(value, "junk");
}

}  // namespace

void throw_exception_from_error(HeaderFault, const boost::source_location&) {
  throw std::runtime_error("not a header");
}

std::optional<std::size_t> find_header_end(std::string_view text, std::size_t from) {
  if (text.starts_with(kLineEnd)) return kLineEnd.size();
  const auto end = text.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  if (end == std::string_view::npos) return std::nullopt;
  return end + 4;
}

boost::system::result<HeaderField, HeaderFault> take_field(std::string_view& header) {
  if (header.starts_with(' ') || header.starts_with('\t')) return HeaderFault::leading_fold;
  std::size_t end = 0;
  do {
    const auto line_end = header.find('\n', end);
    end = line_end == std::string_view::npos ? header.size() : line_end + 1;
  } while (end < header.size() && (header[end] == ' ' || header[end] == '\t'));

  HeaderField field;
  field.raw = header.substr(0, end);
  const auto colon = field.raw.find(':');
  if (colon == std::string_view::npos) return HeaderFault::name;
  field.name = field.raw.substr(0, colon);
  if (!is_field_name(field.name)) return HeaderFault::name;
  field.value = field.raw.substr(colon + 1);
  if (field.value.ends_with(kLineEnd)) field.value.remove_suffix(kLineEnd.size());
  header.remove_prefix(end);
  return field;
}

boost::system::result<HeaderFacts, HeaderFault> inspect_header(std::string_view header) {
  HeaderFacts facts;
  std::size_t fields = 0;
  std::size_t authors = 0;
  bool is_bulk = false;
  bool has_priority = false;
  while (!header.empty() && !header.starts_with(kLineEnd)) {
    const auto field = take_field(header);
    if (!field) return field.error();
    if (++fields > kMaxHeaderFields) return HeaderFault::too_many;
    if (must_not_leave(field->name)) {
      facts.removed.push_back(field->raw);
      if (iequals(field->name, kIdempotencyKey) && facts.idempotency_key.empty())
        facts.idempotency_key = trim(field->value);
    } else if (iequals(field->name, "Received")) {
      if (++facts.received > kMaxReceived) return HeaderFault::loop;
    } else if (iequals(field->name, "From")) {
      if (++authors > 1) return HeaderFault::several_from;
      facts.from_domain = author_domain(field->value);
    } else if (iequals(field->name, "Date")) {
      facts.has_date = true;
    } else if (iequals(field->name, "MT-Priority")) {
      facts.priority = priority_in(field->value);
      has_priority = true;
    } else if (iequals(field->name, "Message-ID")) {
      if (trim(field->value).empty()) {
        facts.removed.push_back(field->raw);
      } else if (!facts.has_message_id) {
        facts.has_message_id = true;
        facts.message_id = id_in(field->value);
      }
    } else if (says_bulk(*field)) {
      is_bulk = true;
    }
  }
  if (authors == 0) return HeaderFault::no_from;
  if (is_bulk && !has_priority) facts.priority = kBulkPriority;
  return facts;
}

void append_kept_fields(std::string& out, std::string_view header, const HeaderFacts& facts) {
  for (const std::string_view removed : facts.removed) {
    const auto before = static_cast<std::size_t>(removed.data() - header.data());
    out += header.substr(0, before);
    header.remove_prefix(before + removed.size());
  }
  out += header;
}

}  // namespace postern::mail

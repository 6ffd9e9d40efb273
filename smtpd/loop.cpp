#include "smtpd/loop.hpp"

#include <algorithm>

#include "core/id.hpp"
#include "core/text.hpp"
#include "mail/headers.hpp"

namespace postern::smtpd {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kWordEnd = " \t\r\n;";

// The next word of `text`, taken from its front; empty at the end.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kWordEnd));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

// "from ... by HOSTNAME with ... id ID; date": what stands behind the two words.
bool is_ours(std::string_view received, std::string_view hostname) {
  bool by_us = false;
  while (!received.empty()) {
    const std::string_view word = take_word(received);
    if (iequals(word, "by")) by_us = iequals(take_word(received), hostname);
    if (by_us && iequals(word, "id")) return parse_id(take_word(received)).has_value();
  }
  return false;
}

}  // namespace

bool was_here(std::string_view header, std::string_view hostname) {
  while (!header.empty() && !header.starts_with("\r\n")) {
    const auto field = mail::take_field(header);
    if (!field) break;
    if (iequals(field->name, "Received") && is_ours(field->value, hostname)) return true;
  }
  return false;
}

}  // namespace postern::smtpd

#include "transports/classify.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.hpp"
#include "transports/rules.hpp"

namespace postern::transports {
namespace {

constexpr std::size_t kMaxTextBytes = 4096;  // providers say what they mean at the beginning

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

// Lower case, every run of white space one blank.
std::string normalized(std::string_view text) {
  std::string out = to_lower(text.substr(0, kMaxTextBytes));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\t' || c == '\r' || c == '\n'; }, ' ');
  const auto end =
      std::unique(out.begin(), out.end(), [](char a, char b) { return a == ' ' && b == ' '; });
  out.erase(end, out.end());
  return out;
}

// Where `phrase` begins in `text` at or after `from`, at the beginning of a word; or npos.
std::size_t find_phrase(std::string_view text, std::string_view phrase, std::size_t from) {
  for (auto at = text.find(phrase, from); at != std::string_view::npos;
       at = text.find(phrase, at + 1)) {
    if (at == 0 || !is_word(phrase.front()) || !is_word(text[at - 1])) return at;
  }
  return std::string_view::npos;
}

// Phrases in their order with anything between; the leftmost place of each is the best one.
bool matches_sequence(std::string_view text, std::string_view sequence) {
  std::size_t from = 0;
  for (const std::string_view phrase : split(sequence, '*')) {
    if (phrase.empty()) continue;
    const auto at = find_phrase(text, phrase, from);
    if (at == std::string_view::npos) return false;
    from = at + phrase.size();
  }
  return true;
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
  const auto alternatives = split(pattern, '|');
  return std::any_of(alternatives.begin(), alternatives.end(),
                     [&](std::string_view one) { return matches_sequence(text, one); });
}

// The first RFC 3463 code ("5.1.1") that stands alone; an address such as 5.1.1.9 is none.
std::string_view enhanced_code(std::string_view text) {
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (!is_digit(text[begin])) continue;
    const auto end = std::min(text.find_first_not_of("0123456789.", begin), text.size());
    const std::string_view token = text.substr(begin, end - begin);
    const std::string_view code = token.ends_with('.') ? token.substr(0, token.size() - 1) : token;
    const bool alone = begin == 0 || (!is_word(text[begin - 1]) && text[begin - 1] != '.');
    const auto parts = split(code, '.');
    const bool shaped =
        parts.size() == 3 && (parts[0] == "2" || parts[0] == "4" || parts[0] == "5") &&
        !parts[1].empty() && parts[1].size() <= 3 && !parts[2].empty() && parts[2].size() <= 3;
    if (alone && shaped) return code;
    begin = end;
  }
  return {};
}

bool matches_code(std::string_view code, std::string_view wanted) {
  if (code.empty()) return false;
  const auto parts = split(code, '.');
  for (const std::string_view alternative : split(wanted, '|')) {
    const auto want = split(alternative, '.');
    if (std::equal(want.begin(), want.end(), parts.begin(), parts.end(),
                   [](std::string_view w, std::string_view p) { return w == "x" || w == p; }))
      return true;
  }
  return false;
}

bool matches(const Rule& rule, const Reply& reply, std::string_view text, std::string_view code) {
  if (rule.status_to != 0 && (reply.status < rule.status_from || reply.status > rule.status_to))
    return false;
  if (rule.phase && reply.phase != *rule.phase) {
    const bool has_words = !rule.pattern.empty() || !rule.enhanced.empty();
    if (reply.phase != Reply::Phase::none || !has_words) return false;
  }
  if (!rule.enhanced.empty() && !matches_code(code, rule.enhanced)) return false;
  return rule.pattern.empty() || matches_pattern(text, rule.pattern);
}

Outcome speak(const Rule& rule, const Reply& reply, Time now, Duration failover_after) {
  Outcome outcome;
  outcome.kind = rule.kind;
  outcome.meaning = rule.meaning;
  outcome.blame = rule.blame;
  outcome.fail_over = rule.fail_over;
  outcome.rule = rule.name;
  outcome.alert = rule.alert;
  outcome.suppressed = rule.suppressed;
  if (rule.reads_time)
    outcome.retry_at =
        named_time(std::string_view(reply.text).substr(0, kMaxTextBytes), reply.retry_after, now);
  if (!outcome.retry_at && rule.default_wait > Duration{0})
    outcome.retry_at = now + rule.default_wait;
  if (outcome.meaning == Meaning::rate_limited && outcome.retry_at &&
      *outcome.retry_at - now > failover_after) {
    outcome.meaning = Meaning::blocked;
    outcome.fail_over = FailOver::now;
  }
  if (rule.split && reply.recipients > 1) {
    outcome.kind = Outcome::Kind::deferred;
    outcome.meaning = Meaning::temporary;
    outcome.blame = Blame::none;
    outcome.fail_over = FailOver::never;
    outcome.alert = false;
    outcome.suppressed.reset();
    outcome.split = true;
  }
  return outcome;
}

}  // namespace

std::span<const Rule> rules_for(std::string_view type) {
  if (type == "mailgun") return mailgun_rules();
  if (type == "ses") return ses_rules();
  if (type == "smtp") return smtp_rules();
  return {};
}

Outcome classify(std::span<const Rule> rules, const Reply& reply, Time now,
                 Duration failover_after) {
  static constexpr Rule kUnknown{.name = "unknown"};
  const std::string text = normalized(reply.text);
  const std::string_view code = enhanced_code(text);
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&](const Rule& row) { return matches(row, reply, text, code); });
  Outcome outcome = speak(rule == rules.end() ? kUnknown : *rule, reply, now, failover_after);
  outcome.reply = (reply.status != 0 ? std::to_string(reply.status) + " " : std::string()) +
                  escape(trim(reply.text));
  return outcome;
}

}  // namespace postern::transports

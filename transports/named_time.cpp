// The instant a provider names in a Retry-After header (RFC 9110 section 10.2.3) or in its words.
// Every number is bounded before it is used; what does not parse is ignored, never guessed.
#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.hpp"
#include "transports/classify.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongest = 24h;
constexpr std::int64_t kMost =
    1'000'000'000;  // of any unit: far above a day, far below an overflow

bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

// Reads one date or length from the front of what is left; every step says whether it fitted.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool skip(std::string_view word) {
    if (!istarts_with(rest_, word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void skip_any(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }
  /// Decimal digits, at least `least`, at most `most`, and no further digit.
  std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
    const auto digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits < least || digits > most) return std::nullopt;
    const auto value = parse_number(rest_.substr(0, digits));
    rest_.remove_prefix(digits);
    return static_cast<std::int64_t>(*value);
  }
  /// Decimal digits, however many; a number above kMost counts as kMost.
  std::optional<std::int64_t> amount() {
    const auto digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (digits == 0) return std::nullopt;
    const auto value = digits <= 10 ? parse_number(rest_.substr(0, digits)) : std::nullopt;
    rest_.remove_prefix(digits);
    return value ? std::min(static_cast<std::int64_t>(*value), kMost) : kMost;
  }
  /// 1 to 12 for a month's English name, short or long.
  std::optional<unsigned> month() {
    static constexpr std::array<std::string_view, 12> kMonths{
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
    for (unsigned i = 0; i < kMonths.size(); ++i) {
      if (!skip(kMonths[i])) continue;
      while (!rest_.empty() && is_letter(rest_[0])) rest_.remove_prefix(1);
      return i + 1;
    }
    return std::nullopt;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// 18:40 or 18:40:30 or 18:40:30.123456, since midnight.
std::optional<Duration> read_clock(Scanner& in) {
  const auto hour = in.number(1, 2);
  if (!hour || *hour > 23 || !in.skip(":")) return std::nullopt;
  const auto minute = in.number(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  Duration clock = std::chrono::hours{*hour} + std::chrono::minutes{*minute};
  if (!in.skip(":")) return clock;
  const auto second = in.number(2, 2);
  if (!second || *second > 60) return std::nullopt;
  clock += std::chrono::seconds{*second};
  if (in.skip(".")) in.skip_any("0123456789");
  return clock;
}

// "UTC", "GMT", "Z", "+0000", "-07:00" or nothing (taken as UTC): what is to be subtracted.
std::optional<Duration> read_zone(Scanner& in) {
  in.skip_any(" ");
  const bool east = in.skip("+");
  if (!east && !in.skip("-")) return Duration{0};
  const auto hours = in.number(2, 4);
  if (!hours) return std::nullopt;
  std::int64_t minutes = *hours;
  if (in.skip(":")) {
    const auto rest = in.number(2, 2);
    if (!rest) return std::nullopt;
    minutes = *hours * 100 + *rest;
  }
  const Duration offset = std::chrono::hours{minutes / 100} + std::chrono::minutes{minutes % 100};
  if (offset > 14h) return std::nullopt;
  return east ? offset : -offset;
}

std::optional<Time> assemble(Scanner& in, std::int64_t year, unsigned month, std::int64_t day) {
  in.skip_any(" tT,");
  const auto clock = read_clock(in);
  if (!clock) return std::nullopt;
  const auto zone = read_zone(in);
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{month},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!zone || !date.ok()) return std::nullopt;
  return Time{std::chrono::sys_days{date}} + *clock - *zone;
}

// RFC 1123: "Wed, 05 Aug 2026 18:40:30 UTC"; the day's name is optional and not believed.
std::optional<Time> read_rfc1123(Scanner in) {
  for (const std::string_view day : {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}) {
    if (!in.skip(day)) continue;
    in.skip_any("abcdefghijklmnopqrstuvwxyz,. ");
    break;
  }
  const auto day = in.number(1, 2);
  in.skip_any(" -");
  const auto month = day ? in.month() : std::nullopt;
  in.skip_any(" -,");
  const auto year = month ? in.number(4, 4) : std::nullopt;
  if (!year) return std::nullopt;
  return assemble(in, *year, *month, *day);
}

// "2026-08-05T18:40:30Z", "2026-08-05 18:40:30.12 +0000 UTC"
std::optional<Time> read_iso(Scanner in) {
  const auto year = in.number(4, 4);
  if (!year || !in.skip("-")) return std::nullopt;
  const auto month = in.number(2, 2);
  if (!month || !in.skip("-")) return std::nullopt;
  const auto day = in.number(2, 2);
  if (!day) return std::nullopt;
  return assemble(in, *year, static_cast<unsigned>(*month), *day);
}

std::optional<Time> read_date(std::string_view text) {
  if (const auto time = read_rfc1123(Scanner{text})) return time;
  return read_iso(Scanner{text});
}

// "120 seconds", "5 min", "1 hour", "2081s"; the unit must be there.
std::optional<Duration> read_length(std::string_view text) {
  Scanner in{text};
  const auto count = in.amount();
  if (!count) return std::nullopt;
  in.skip_any(" ");
  const std::string_view rest = in.rest();
  const auto word = rest.substr(0, std::min(rest.find_first_of(" .,;:)\"'}!\r\n"), rest.size()));
  const auto is = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view w) { return iequals(w, word); });
  };
  if (is({"s", "sec", "secs", "second", "seconds"})) return std::chrono::seconds{*count};
  if (is({"m", "min", "mins", "minute", "minutes"})) return std::chrono::minutes{*count};
  if (is({"h", "hr", "hrs", "hour", "hours"})) return std::chrono::hours{*count};
  if (is({"d", "day", "days"})) return std::chrono::hours{24 * *count};
  return std::nullopt;
}

std::optional<Time> sane(std::optional<Time> time, Time now) {
  if (!time || *time <= now) return std::nullopt;
  return std::min(*time, now + kLongest);
}

std::optional<Time> from_header(std::string_view retry_after, Time now) {
  Scanner in{retry_after};
  const auto seconds = in.amount();
  if (seconds && in.rest().empty()) return now + std::chrono::seconds{*seconds};
  return read_date(retry_after);
}

// After each of the words that announce a time.
std::optional<Time> from_text(std::string_view text, Time now) {
  for (const std::string_view announcer : {"after ", "in ", "until ", "for "}) {
    for (std::string_view rest = text;;) {
      const auto at = ifind(rest, announcer);
      if (at == std::string_view::npos) break;
      const bool word_begins = at == 0 || !is_letter(rest[at - 1]);
      rest.remove_prefix(at + announcer.size());
      if (!word_begins) continue;
      const std::string_view said = trim(rest);
      auto time = read_date(said);
      if (const auto length = time ? std::nullopt : read_length(said)) time = now + *length;
      if (const auto found = sane(time, now)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Time> named_time(std::string_view text, std::string_view retry_after, Time now) {
  if (const auto time = sane(from_header(trim(retry_after), now), now)) return time;
  return from_text(text, now);
}

}  // namespace postern::transports

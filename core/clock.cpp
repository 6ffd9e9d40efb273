#include "core/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace postern {
namespace {

std::tm utc(Time time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

/// The decimal number in text[at, at + digits).
std::optional<unsigned> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  unsigned value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  return value;
}

/// time-offset of RFC 3339: "Z" or "+hh:mm".
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = number_at(text, 1, 2);
  const auto minutes = number_at(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<Time> parse_rfc3339(std::string_view text) {
  namespace chrono = std::chrono;
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] != 'd' && text[i] != kShape[i] && !(kShape[i] == 'T' && text[i] == 't'))
      return std::nullopt;
  const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2),
             day = number_at(text, 8, 2), hour = number_at(text, 11, 2),
             minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const chrono::year_month_day date{chrono::year(static_cast<int>(*year)), chrono::month(*month),
                                    chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::string_view rest = text.substr(kShape.size());
  if (rest.front() == '.') {
    const std::size_t digits = rest.find_first_not_of("0123456789", 1);
    if (digits == std::string_view::npos || digits == 1) return std::nullopt;
    rest.remove_prefix(digits);
  }
  const auto offset = parse_offset(rest);
  if (!offset) return std::nullopt;
  return Time(chrono::sys_days(date)) + chrono::hours(*hour) + chrono::minutes(*minute) +
         chrono::seconds(*second) - *offset;
}

std::string to_rfc3339(Time time) {
  const std::tm parts = utc(time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                    parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                    parts.tm_min, parts.tm_sec, static_cast<int>((time - seconds).count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string to_rfc5322(Time time) {
  // Names are spelled here because strftime would take them from the locale.
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm parts = utc(time);
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s, %d %s %04d %02d:%02d:%02d +0000",
                                   kDays.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                                   kMonths.at(static_cast<std::size_t>(parts.tm_mon)),
                                   parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace postern

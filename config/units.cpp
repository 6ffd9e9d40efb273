// Durations, sizes, rates and the retry grammar: text <-> value.
#include "config/units.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "config/load.hpp"
#include "config/wording.hpp"
#include "core/text.hpp"

namespace postern::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kDurations{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                                Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", kKiB}, Unit{"MiB", kMiB}, Unit{"GiB", kGiB},
                            Unit{"TiB", 1024 * kGiB}};
constexpr std::array kRates{Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400}};

constexpr std::uint64_t kLongestDuration = 3650ULL * 86'400'000;  // ten years
constexpr unsigned kMostRepeats = 10'000;
constexpr std::size_t kMostSteps = 100;

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

/// Number and unit without a space between; nullopt also when the product is beyond 63 bits.
std::optional<std::uint64_t> scaled(std::string_view text, std::span<const Unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits));
  const Unit* unit = find_unit(units, text.substr(digits));
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!number || unit == nullptr || *number > kMost / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

/// In the largest unit that divides it.
std::string in_units(std::uint64_t value, std::span<const Unit> units) {
  for (std::size_t i = units.size(); i-- > 1;)
    if (value != 0 && value % units[i].factor == 0)
      return std::to_string(value / units[i].factor) + std::string(units[i].name);
  return std::to_string(value) + std::string(units[0].name);
}

/// "3 days", "5min" or "60": in the unit that was likely meant; nothing where that is open.
std::string meant_duration(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string number(text.substr(0, digits));
  const std::string unit = to_lower(trim(text.substr(digits)));
  if (number.empty()) return "";
  if (unit.empty()) return did_you_mean(number + "s");
  if (unit.starts_with("ms") || unit.starts_with("milli")) return did_you_mean(number + "ms");
  for (const std::string_view word : {"seconds", "minutes", "hours", "days"})
    if (word.starts_with(unit.substr(0, 3)) && unit.size() <= word.size())
      return did_you_mean(number + word.front());
  return "";
}

/// "/min" -> "/m"; "/s" where there is no telling.
std::string meant_rate_unit(std::string_view unit) {
  for (const Unit& known : kRates)
    if (unit.size() > 1 && unit[1] == known.name.front()) return "/" + std::string(known.name);
  return "/s";
}

/// "36MB" or "36m" for "36MiB": the same number in the unit that was likely meant.
std::string meant_size(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = trim(text.substr(digits));
  if (digits == 0 || unit.empty() || unit.size() > 3) return "";
  for (const Unit& known : kSizes) {
    const std::string meant = std::string(text.substr(0, digits)) + std::string(known.name);
    if (known.factor > 1 && to_lower(known.name).front() == to_lower(unit).front() && meant != text)
      return did_you_mean(meant);
  }
  return "";
}

Result<RetryStep> parse_step(std::string_view text, bool last) {
  const auto star = text.find('*');
  const auto wait = parse_duration(trim(text.substr(0, star)));
  if (!wait) return wait.error();
  if (wait->count() == 0) return Error{"a wait between attempts is at least 1ms"};
  if (star == std::string_view::npos) return RetryStep{*wait, 1};
  const std::string_view times = trim(text.substr(star + 1));
  if (times.empty()) {
    if (!last) return Error{quote(text) + " repeats for ever, so nothing can follow it"};
    return RetryStep{*wait, 0};
  }
  const auto count = parse_number(times);
  if (!count || *count == 0 || *count > kMostRepeats)
    return Error{quote(times) + " is not a number of repetitions from 1 to " +
                 std::to_string(kMostRepeats)};
  return RetryStep{*wait, static_cast<unsigned>(*count)};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto value = scaled(text, kDurations);
  if (!value)
    return Error{quote(text) +
                 " is not a duration: a whole number and ms, s, m, h or d, such as \"90s\"" +
                 meant_duration(text)};
  if (*value > kLongestDuration) return Error{quote(text) + " is longer than ten years"};
  return Duration{static_cast<Duration::rep>(*value)};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto value = scaled(text, kSizes);
  if (value) return *value;
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits > 0 && find_unit(kSizes, text.substr(digits)) != nullptr)
    return Error{quote(text) + " is too large for a size"};
  return Error{quote(text) + " is not a size: a whole number and B, KiB, MiB, GiB or TiB" +
               meant_size(text)};
}

Result<Rate> parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  const auto number = parse_number(text.substr(0, slash));
  const Unit* unit =
      slash == std::string_view::npos ? nullptr : find_unit(kRates, text.substr(slash + 1));
  if (!number || unit == nullptr)
    return Error{quote(text) +
                 " is not a rate: a whole number and /s, /m, /h or /d, such as \"50/s\"" +
                 (number ? did_you_mean(std::to_string(*number) +
                                        meant_rate_unit(text.substr(std::min(slash, text.size()))))
                         : std::string())};
  if (*number == 0) return Error{"a rate is at least 1; leave the key out for no limit"};
  if (*number > 1'000'000'000) return Error{quote(text) + " is more than 1000000000"};
  return Rate{static_cast<double>(*number) / static_cast<double>(unit->factor)};
}

Result<RetrySchedule> parse_retry(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ',');
  if (parts.size() > kMostSteps) return Error{"more than " + std::to_string(kMostSteps) + " waits"};
  RetrySchedule schedule;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = trim(parts[i]);
    if (part.find(' ') != std::string_view::npos && part.find('*') == std::string_view::npos &&
        parse_duration(part.substr(0, part.find(' '))))
      return Error{quote(part) + " is more than one wait; a comma stands between two"};
    const auto step = parse_step(part, i + 1 == parts.size());
    if (!step) return step.error();
    schedule.push_back(*step);
  }
  return schedule;
}

std::string format_duration(Duration value) {
  if (value.count() == 0) return "0s";
  return in_units(static_cast<std::uint64_t>(value.count()), kDurations);
}

std::string format_size(std::uint64_t bytes) {
  return in_units(bytes, kSizes);
}

std::string format_rate(Rate rate) {
  for (const Unit& unit : kRates) {
    const auto factor = static_cast<double>(unit.factor);
    const double number = std::round(rate.per_second * factor);
    if (number >= 1 && number / factor == rate.per_second)
      return std::to_string(static_cast<std::uint64_t>(number)) + '/' + std::string(unit.name);
  }
  return "";
}

std::string format_retry(const RetrySchedule& schedule) {
  std::string text;
  for (const RetryStep& step : schedule) {
    if (!text.empty()) text += ", ";
    text += format_duration(step.wait);
    if (step.times != 1) text += '*';
    if (step.times > 1) text += std::to_string(step.times);
  }
  return text;
}

}  // namespace postern::config

#include "core/id.hpp"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr int kNumberCharacters = 11;
constexpr int kCheckCharacters = 5;
constexpr int kCounterBits = 10;
constexpr std::int64_t kMaximum = (std::int64_t{1} << 51) - 1;
constexpr Time kEpoch = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};

// splitmix64's finaliser: every bit of the number moves every bit of the check.
std::uint64_t check_of(std::int64_t number) {
  auto x = static_cast<std::uint64_t>(number) + 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return (x ^ (x >> 31)) & ((1U << (5 * kCheckCharacters)) - 1);
}

void write_base32(std::uint64_t value, char* out, int characters) {
  for (int i = characters - 1; i >= 0; --i, value >>= 5) out[i] = kAlphabet[value & 31];
}

Result<std::uint64_t> read_base32(std::string_view text) {
  std::uint64_t value = 0;
  for (char c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return Error{"not a message id: " + std::string(text)};
    value = value << 5 | digit;
  }
  return value;
}

}  // namespace

std::string to_id(MessageNo no) {
  std::string id(kNumberCharacters + kCheckCharacters, '0');
  write_base32(static_cast<std::uint64_t>(to_int(no)), id.data(), kNumberCharacters);
  write_base32(check_of(to_int(no)), id.data() + kNumberCharacters, kCheckCharacters);
  return id;
}

Result<MessageNo> parse_id(std::string_view id) {
  const Error unknown{"no such message id: " + std::string(id.substr(0, 64))};
  if (id.size() != kNumberCharacters + kCheckCharacters) return unknown;
  const auto number = read_base32(id.substr(0, kNumberCharacters));
  const auto check = read_base32(id.substr(kNumberCharacters));
  if (!number || !check || *number > static_cast<std::uint64_t>(kMaximum)) return unknown;
  if (check_of(static_cast<std::int64_t>(*number)) != *check) return unknown;
  return MessageNo{static_cast<std::int64_t>(*number)};
}

Time accepted_time(MessageNo no) {
  return kEpoch + Duration{to_int(no) >> kCounterBits};
}

MessageNo first_number_of(Time time) {
  const std::int64_t since =
      std::clamp<std::int64_t>((time - kEpoch).count(), 0, kMaximum >> kCounterBits);
  return MessageNo{since << kCounterBits};
}

MessageNo NumberSource::next(Time now) {
  const std::int64_t at_least = to_int(first_number_of(now));
  std::int64_t last = last_.load(std::memory_order_relaxed);
  std::int64_t drawn = 0;
  do {
    drawn = std::max(last + 1, at_least);
  } while (!last_.compare_exchange_weak(last, drawn, std::memory_order_relaxed));
  return MessageNo{drawn};
}

void NumberSource::raise_to(MessageNo last) {
  std::int64_t current = last_.load();
  while (current < to_int(last) && !last_.compare_exchange_weak(current, to_int(last))) {
  }
}

}  // namespace postern

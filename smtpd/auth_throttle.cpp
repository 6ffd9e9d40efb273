#include "smtpd/auth_throttle.hpp"

#include <algorithm>

#include "net/address.hpp"

namespace postern::smtpd {
namespace {

using namespace std::chrono_literals;

constexpr Duration kForget = 15min;
constexpr Duration kFirstWait = 1s;
constexpr Duration kLongestWait = 30s;
constexpr Duration kLongestTrustedWait = 2s;  // Chatwoot gives up after 5 s
constexpr unsigned kLockAfter = 20;

Duration wait_after(unsigned failures) {
  if (failures == 0) return 0ms;
  const unsigned doublings = std::min(failures - 1, 10U);
  return std::min(kFirstWait * (1U << doublings), kLongestWait);
}

}  // namespace

AuthThrottle::Verdict AuthThrottle::ask(std::string_view address, bool trusted, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(net::network_of(address));
  if (found == entries_.end()) return {};
  if (now - found->second.last > kForget) {
    entries_.erase(found);
    return {};
  }
  const unsigned failures = found->second.failures;
  if (trusted) return {false, std::min(wait_after(failures), kLongestTrustedWait)};
  return {failures >= kLockAfter, wait_after(failures)};
}

void AuthThrottle::failed(std::string_view address, Time now) {
  const std::lock_guard lock(mutex_);
  const std::string key = net::network_of(address);
  if (entries_.size() >= kMaxAddresses && !entries_.contains(key)) make_room(now);
  Entry& entry = entries_[key];
  ++entry.failures;
  entry.last = now;
}

void AuthThrottle::succeeded(std::string_view address) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(net::network_of(address));
  if (found == entries_.end()) return;
  found->second.failures /= 2;
  if (found->second.failures == 0) entries_.erase(found);
}

void AuthThrottle::make_room(Time now) {
  std::erase_if(entries_, [now](const auto& entry) { return now - entry.second.last > kForget; });
  if (entries_.size() < kMaxAddresses) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.last; }));
}

}  // namespace postern::smtpd

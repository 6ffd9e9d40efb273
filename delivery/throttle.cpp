#include "delivery/throttle.hpp"

#include <algorithm>
#include <cmath>

namespace postern::delivery {
namespace {

// A tenth of a second's worth may go at once: enough that timers are few, too little for a burst
// that a provider's own limiter would notice.
double burst_of(double per_second) {
  return std::max(1.0, per_second / 10);
}

}  // namespace

Throttle::Throttle(std::uint32_t places, double per_second, Time now)
    : places_(places), per_second_(per_second), tokens_(burst_of(per_second)), refilled_at_(now) {}

void Throttle::limit(std::uint32_t places, double per_second) {
  places_ = places;
  per_second_ = per_second;
  tokens_ = std::min(tokens_, burst_of(per_second));
}

void Throttle::refill(Time now) {
  const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
  if (seconds <= 0) return;
  tokens_ = std::min(burst_of(per_second_), tokens_ + seconds * per_second_);
  refilled_at_ = now;
}

bool Throttle::is_ready(Time now) {
  return has_place() && ready_at(now) <= now;
}

void Throttle::acquire() {
  ++in_use_;
  if (per_second_ > 0) tokens_ -= 1;
}

void Throttle::charge(std::size_t tokens) {
  if (per_second_ > 0) tokens_ -= static_cast<double>(tokens);
}

void Throttle::release() {
  if (in_use_ > 0) --in_use_;
}

void Throttle::pause(Time until) {
  paused_until_ = std::max(paused_until_, until);
}

Time Throttle::ready_at(Time now) {
  Time ready = std::max(now, paused_until_);
  if (per_second_ <= 0) return ready;
  refill(now);
  if (tokens_ < 1)
    ready = std::max(
        ready,
        now + Duration(static_cast<Duration::rep>(std::ceil((1 - tokens_) / per_second_ * 1000))));
  return ready;
}

}  // namespace postern::delivery

#include "delivery/breaker.hpp"

#include <algorithm>
#include <utility>

namespace postern::delivery {

std::string_view to_string(BreakerState state) {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::half_open:
      return "half-open";
    case BreakerState::open:
      return "open";
    case BreakerState::suspended:
      return "suspended";
  }
  return "closed";
}

bool is_block(const Outcome& outcome) {
  return outcome.meaning == Meaning::blocked || outcome.meaning == Meaning::configuration;
}

BreakerState Breaker::state(Time now) const {
  if (phase_ == Phase::closed) return BreakerState::closed;
  if (now >= until_) return BreakerState::half_open;
  return phase_ == Phase::open ? BreakerState::open : BreakerState::suspended;
}

bool Breaker::wants_canary(Time now) const {
  return !probing_ && state(now) == BreakerState::half_open;
}

bool Breaker::succeeded(Time now, bool was_canary) {
  if (was_canary) probing_ = false;
  if (phase_ == Phase::closed) {
    failures_ = 0;
    return false;
  }
  // While the canary flew, an operator may have suspended the way.
  if (!was_canary || now < until_) return false;
  // open_for_ stays: should it open again soon, the back-off goes on where it was (hysteresis).
  phase_ = Phase::closed;
  until_ = now;
  failures_ = 0;
  last_failed_ = {};
  reason_.clear();
  return true;
}

bool Breaker::failed(const Outcome& outcome, MessageNo no, Time now, bool was_canary,
                     const config::Breaker& settings) {
  if (was_canary) {
    probing_ = false;
    if (phase_ == Phase::suspended && now < until_) return false;
    open(outcome, now, settings);
    return true;
  }
  if (phase_ == Phase::open) {
    // Stragglers do not lengthen a back-off, but a later instant from the provider counts.
    if (!is_block(outcome) || !outcome.retry_at || *outcome.retry_at <= until_) return false;
    open(outcome, now, settings);
    return true;
  }
  if (phase_ == Phase::suspended) return false;
  if (no != last_failed_) ++failures_;
  last_failed_ = no;
  if (!is_block(outcome) && failures_ < settings.failures) return false;
  open(outcome, now, settings);
  return true;
}

void Breaker::open(const Outcome& outcome, Time now, const config::Breaker& settings) {
  const bool relapse = phase_ != Phase::closed || now - until_ < settings.open_max;
  reason_ = outcome.reply;
  if (is_block(outcome) && outcome.retry_at && *outcome.retry_at > now) {
    until_ = *outcome.retry_at;
    open_for_ = Duration::zero();
  } else {
    open_for_ = relapse && open_for_ > Duration::zero()
                    ? std::min(open_for_ * 2, settings.open_max)
                    : std::min(settings.open_for, settings.open_max);
    until_ = now + open_for_;
  }
  phase_ = Phase::open;
}

bool Breaker::suspend(Time until, std::string reason) {
  phase_ = Phase::suspended;
  until_ = until;
  reason_ = std::move(reason);
  return true;
}

bool Breaker::resume(Time now) {
  const bool changed = phase_ != Phase::closed;
  *this = Breaker();
  until_ = now;
  return changed;
}

bool Breaker::half_open(Time now) {
  if (phase_ != Phase::open || open_for_ == Duration::zero() || until_ <= now) return false;
  until_ = now;
  return true;
}

queue::BreakerRow Breaker::to_row(std::string transport, std::string domain) const {
  static constexpr const char* kWords[] = {"closed", "open", "suspended"};
  return {.transport = std::move(transport),
          .domain = std::move(domain),
          .state = kWords[static_cast<std::size_t>(phase_)],
          .reason = reason_,
          .until = until_,
          .open_for = open_for_,
          .failures = failures_};
}

Breaker Breaker::from_row(const queue::BreakerRow& row) {
  Breaker breaker;
  breaker.phase_ = row.state == "open"        ? Phase::open
                   : row.state == "suspended" ? Phase::suspended
                                              : Phase::closed;
  breaker.until_ = row.until;
  breaker.open_for_ = row.open_for;
  breaker.failures_ = row.failures;
  breaker.reason_ = row.reason;
  return breaker;
}

}  // namespace postern::delivery

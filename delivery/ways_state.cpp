// The part of Ways that moves breakers: outcomes and operators.
#include <algorithm>

#include "delivery/ways.hpp"

namespace postern::delivery {

template <class Visit>
void Ways::for_each_breaker(Visit visit) const {
  for (std::size_t i = 0; i < ways_.size(); ++i)
    visit(static_cast<TransportIndex>(i), std::optional<DomainIndex>(), ways_[i].breaker);
  for (const auto& [key, way] : domain_ways_)
    visit(static_cast<TransportIndex>(key >> 16),
          std::optional(static_cast<DomainIndex>(key & 0xFFFF)), way.breaker);
}

BreakerChange Ways::changed(TransportIndex transport, std::optional<DomainIndex> domain,
                            Time now) const {
  const Breaker& breaker =
      domain ? domain_ways_.at(key(transport, *domain)).breaker : ways_[transport].breaker;
  return {.transport = transport,
          .domain = domain,
          .state = breaker.state(now),
          .row = breaker.to_row(ways_[transport].name,
                                domain ? domains_[*domain].name : std::string())};
}

void Ways::fail(BreakerChanges& changes, TransportIndex transport,
                std::optional<DomainIndex> domain, const Outcome& outcome, MessageNo no,
                bool was_canary, Time now) {
  if (domain == kStrangers) return;
  Outcome effective = outcome;
  if (outcome.meaning == Meaning::rate_limited && outcome.retry_at) {
    // A limit that outlasts the patience for fail-over is a block until then; a shorter one only
    // makes everybody wait a moment.
    if (*outcome.retry_at - now <= config_->queue.failover_after) {
      if (domain)
        domain_ways_[key(transport, *domain)].paused_until = *outcome.retry_at;
      else
        ways_[transport].throttle.pause(*outcome.retry_at);
      if (!was_canary) return;
    }
    effective.meaning = Meaning::blocked;
  }
  Breaker& breaker =
      domain ? domain_ways_[key(transport, *domain)].breaker : ways_[transport].breaker;
  if (breaker.failed(effective, no, now, was_canary, config_->breaker))
    changes.push_back(changed(transport, domain, now));
}

BreakerChanges Ways::judge(TransportIndex transport, DomainIndex domain, const Ticket& ticket,
                           std::span<const Outcome> outcomes, MessageNo no, Time now) {
  BreakerChanges changes;
  const auto blames = [&](Blame blame) {
    return std::ranges::find_if(outcomes, [blame](const Outcome& outcome) {
      return outcome.kind != Outcome::Kind::delivered && outcome.blame == blame;
    });
  };
  const bool delivered = std::ranges::any_of(
      outcomes, [](const Outcome& outcome) { return outcome.kind == Outcome::Kind::delivered; });
  const std::lock_guard lock(mutex_);
  const auto transports_fault = delivered ? outcomes.end() : blames(Blame::transport);
  const auto domains_fault = delivered ? outcomes.end() : blames(Blame::sender_domain);
  const auto known = domain_ways_.find(key(transport, domain));
  if (transports_fault != outcomes.end()) {
    fail(changes, transport, std::nullopt, *transports_fault, no, ticket.canary, now);
    if (ticket.domain_canary) known->second.breaker.abandon_canary();
    return changes;
  }
  // An attempt that was called off (Blame::none) says nothing about the way.
  const bool proves = delivered || domains_fault != outcomes.end() ||
                      std::ranges::any_of(outcomes, [](const Outcome& outcome) {
                        return outcome.blame == Blame::recipient || outcome.blame == Blame::message;
                      });
  if (!proves) {
    if (ticket.canary) ways_[transport].breaker.abandon_canary();
    if (ticket.domain_canary) known->second.breaker.abandon_canary();
    return changes;
  }
  if (ways_[transport].breaker.succeeded(now, ticket.canary))
    changes.push_back(changed(transport, std::nullopt, now));
  if (domains_fault != outcomes.end())
    fail(changes, transport, domain, *domains_fault, no, ticket.domain_canary, now);
  else if (known != domain_ways_.end() &&
           known->second.breaker.succeeded(now, ticket.domain_canary))
    changes.push_back(changed(transport, domain, now));
  return changes;
}

BreakerChanges Ways::suspend(TransportIndex transport, std::string_view domain, Time until,
                             std::string reason, Time now) {
  const std::lock_guard lock(mutex_);
  if (domain.empty()) {
    ways_[transport].breaker.suspend(until, std::move(reason));
    return {changed(transport, std::nullopt, now)};
  }
  const DomainIndex number = intern_locked(domain);
  domain_ways_[key(transport, number)].breaker.suspend(until, std::move(reason));
  return {changed(transport, number, now)};
}

BreakerChanges Ways::resume(TransportIndex transport, std::string_view domain, Time now) {
  const std::lock_guard lock(mutex_);
  BreakerChanges changes;
  if (domain.empty()) {
    if (ways_[transport].breaker.resume(now))
      changes.push_back(changed(transport, std::nullopt, now));
    return changes;
  }
  const auto number = domain_numbers_.find(domain);
  if (number == domain_numbers_.end()) return changes;
  const auto way = domain_ways_.find(key(transport, number->second));
  if (way == domain_ways_.end()) return changes;
  way->second.paused_until = now;
  if (way->second.breaker.resume(now)) changes.push_back(changed(transport, number->second, now));
  return changes;
}

BreakerChanges Ways::half_open(Time now) {
  const std::lock_guard lock(mutex_);
  BreakerChanges changes;
  for (std::size_t i = 0; i < ways_.size(); ++i)
    if (ways_[i].breaker.half_open(now))
      changes.push_back(changed(static_cast<TransportIndex>(i), std::nullopt, now));
  for (auto& [key, way] : domain_ways_)
    if (way.breaker.half_open(now))
      changes.push_back(changed(static_cast<TransportIndex>(key >> 16),
                                static_cast<DomainIndex>(key & 0xFFFF), now));
  return changes;
}

bool Ways::any_open(Time now) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(ways_, [now](const Way& way) {
    const BreakerState state = way.breaker.state(now);
    return way.in_use && (state == BreakerState::closed ||
                          (state == BreakerState::half_open && !way.breaker.is_probing()));
  });
}

std::optional<Time> Ways::next_opening(Time now) const {
  const std::lock_guard lock(mutex_);
  std::optional<Time> next;
  for_each_breaker([&](TransportIndex, std::optional<DomainIndex>, const Breaker& breaker) {
    if (breaker.is_closed() || breaker.until() <= now) return;
    next = std::min(next.value_or(breaker.until()), breaker.until());
  });
  return next;
}

std::vector<WayView> Ways::view(Time now) const {
  const std::lock_guard lock(mutex_);
  std::vector<WayView> views;
  for_each_breaker(
      [&](TransportIndex transport, std::optional<DomainIndex> domain, const Breaker& breaker) {
        if (!ways_[transport].in_use) return;
        views.push_back({.transport = transport,
                         .domain = domain,
                         .state = breaker.state(now),
                         .reason = breaker.reason(),
                         .until = breaker.until()});
      });
  return views;
}

}  // namespace postern::delivery

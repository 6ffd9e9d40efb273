#include "delivery/ways.hpp"

#include <algorithm>

#include "delivery/wishes.hpp"

namespace postern::delivery {
namespace {

// For each call that a transport takes, one more whose attempt is committed: that hides the commit.
constexpr std::uint32_t kPlacesPerCall = 2;

std::uint32_t places_of(const transports::Abilities& abilities) {
  return (std::max(1U, abilities.concurrency) + abilities.prefetch) * kPlacesPerCall;
}

}  // namespace

std::vector<TransportIndex> Ways::configure(std::shared_ptr<const config::Config> config,
                                            const std::vector<Exit>& exits, Time now) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
  for (Way& way : ways_) way.in_use = false;
  std::vector<TransportIndex> numbers;
  for (const Exit& exit : exits) {
    const transports::Abilities& abilities = exit.abilities;
    const std::uint32_t places = places_of(abilities);
    auto number = find_locked(exit.name);
    if (!number) {
      number = static_cast<TransportIndex>(ways_.size());
      ways_.push_back({exit.name,
                       abilities,
                       Throttle(places, abilities.rate_per_second, now),
                       {},
                       false,
                       true});
    } else {
      Way& way = ways_[*number];
      way.abilities = abilities;
      way.throttle.limit(places, abilities.rate_per_second);
      way.in_use = true;
    }
    numbers.push_back(*number);
  }
  if (domains_.empty()) domains_.push_back({"*", {}});
  for (DomainEntry& domain : domains_) domain.route = route_of(domain.name);
  return numbers;
}

BreakerChanges Ways::heed(TransportIndex transport, const transports::Account& account, Time now) {
  const std::lock_guard lock(mutex_);
  Way& way = ways_[transport];
  const double own = way.abilities.rate_per_second;
  const double theirs = account.recipients_per_second;
  way.throttle.limit(places_of(way.abilities),
                     own > 0 && theirs > 0 ? std::min(own, theirs) : std::max(own, theirs));
  BreakerChanges changes;
  if (account.refusal) fail(changes, transport, {}, *account.refusal, {}, false, now);
  return changes;
}

void Ways::restore(const std::vector<queue::BreakerRow>& rows) {
  const std::lock_guard lock(mutex_);
  for (const queue::BreakerRow& row : rows) {
    const auto number = find_locked(row.transport);
    if (!number) continue;
    if (row.domain.empty())
      ways_[*number].breaker = Breaker::from_row(row);
    else
      domain_ways_[key(*number, intern_locked(row.domain))].breaker = Breaker::from_row(row);
  }
}

std::vector<TransportIndex> Ways::route_of(std::string_view domain) const {
  std::vector<TransportIndex> route;
  for (const std::string_view name : transports_for(*config_, domain))
    if (const auto number = find_locked(name); number && ways_[*number].in_use)
      route.push_back(*number);
  return route;
}

DomainIndex Ways::intern_locked(std::string_view sender_domain) {
  if (const auto known = domain_numbers_.find(sender_domain); known != domain_numbers_.end())
    return known->second;
  // A domain with an entry of its own always gets a number of its own.
  const bool configured = std::ranges::any_of(
      config_->domains, [&](const config::Domain& entry) { return entry.name == sender_domain; });
  if (!configured && domains_.size() >= kMaxDomains) return kStrangers;
  const auto number = static_cast<DomainIndex>(domains_.size());
  domains_.push_back({std::string(sender_domain), route_of(sender_domain)});
  domain_numbers_.emplace(std::string(sender_domain), number);
  return number;
}

DomainIndex Ways::intern(std::string_view sender_domain) {
  const std::lock_guard lock(mutex_);
  return intern_locked(sender_domain);
}

std::string Ways::domain_name(DomainIndex domain) const {
  const std::lock_guard lock(mutex_);
  return domains_.at(domain).name;
}

std::optional<TransportIndex> Ways::find_locked(std::string_view transport) const {
  for (std::size_t i = 0; i < ways_.size(); ++i)
    if (ways_[i].name == transport) return static_cast<TransportIndex>(i);
  return std::nullopt;
}

std::optional<TransportIndex> Ways::find(std::string_view transport) const {
  const std::lock_guard lock(mutex_);
  return find_locked(transport);
}

void Ways::set_admitting(bool admitting) {
  const std::lock_guard lock(mutex_);
  admitting_ = admitting;
}

void Ways::set_backlog(TransportIndex transport, bool waiting) {
  const std::lock_guard lock(mutex_);
  ways_[transport].backlog = waiting;
}

bool Ways::try_admit(TransportIndex transport, DomainIndex domain, const Message& message,
                     Time now) {
  Way& way = ways_[transport];
  if (!admitting_ || way.backlog || !way.breaker.is_closed()) return false;
  if (message.envelope.recipients.size() > way.abilities.max_recipients) return false;
  if (!takes(way.abilities, needs_of(message))) return false;
  if (!domain_ways_.empty() && (candidate(transport, domain, now).state != Candidate::State::open ||
                                domain_ways_[key(transport, domain)].paused_until > now))
    return false;
  if (!way.throttle.is_ready(now)) return false;
  way.throttle.acquire();
  charge(way, message.envelope.recipients.size());
  return true;
}

std::vector<queue::Start> Ways::admit(const Message& message, Time now) {
  const std::lock_guard lock(mutex_);
  const DomainIndex domain = intern_locked(message.sender_domain);
  queue::Start start;
  start.next_attempt_at = now;
  start.expires_at = now + config_->queue.expire_after;
  const std::vector<TransportIndex>& route = domains_[domain].route;
  if (const auto until = held_until(message, now)) {
    start.state = DeliveryState::deferred;  // not queued: a way that opens does not matter to it
    start.next_attempt_at = *until;
    start.reason = "held until " + to_rfc3339(*until) + ", as the client asked";
  } else if (!route.empty() && try_admit(route.front(), domain, message, now)) {
    start.state = DeliveryState::active;
    start.transport = ways_[route.front()].name;
  } else {
    Choice choice = choose_locked(domain, needs_of(message), {}, now);
    if (choice.kind == Choice::Kind::none) start.state = DeliveryState::held;
    if (choice.kind == Choice::Kind::wait)
      start.next_attempt_at = std::min(choice.until, start.expires_at);
    start.reason = std::move(choice.reason);
  }
  std::vector<queue::Start> starts(message.envelope.recipients.size(), start);
  if (message.envelope.options) heed_options(message, config_->queue, now, starts);
  return starts;
}

Candidate Ways::candidate(TransportIndex transport, DomainIndex domain, Time now) const {
  const Way& way = ways_[transport];
  Candidate candidate{.transport = transport, .abilities = &way.abilities};
  const auto add = [&](const Breaker& breaker) {
    const BreakerState state = breaker.state(now);
    if (state == BreakerState::closed) return;
    Candidate::State mine = Candidate::State::shut;
    if (state == BreakerState::half_open)
      mine = breaker.is_probing() ? Candidate::State::probing : Candidate::State::canary;
    if (mine == Candidate::State::shut && breaker.until() > candidate.until) {
      candidate.until = breaker.until();
      candidate.reason = breaker.reason();
    }
    candidate.state = std::max(candidate.state, mine);
  };
  if (!way.breaker.is_closed()) add(way.breaker);
  if (!domain_ways_.empty())
    if (const auto found = domain_ways_.find(key(transport, domain)); found != domain_ways_.end())
      add(found->second.breaker);
  return candidate;
}

Choice Ways::choose_locked(DomainIndex domain, const Needs& needs,
                           std::span<const TransportIndex> tried, Time now) const {
  std::vector<Candidate> candidates;
  candidates.reserve(domains_[domain].route.size());
  for (const TransportIndex transport : domains_[domain].route)
    candidates.push_back(candidate(transport, domain, now));
  return delivery::choose(candidates, needs, tried);
}

Choice Ways::choose(DomainIndex domain, const Needs& needs, std::span<const TransportIndex> tried,
                    Time now) {
  const std::lock_guard lock(mutex_);
  return choose_locked(domain, needs, tried, now);
}

std::optional<TransportIndex> Ways::first_choice(DomainIndex domain) const {
  const std::lock_guard lock(mutex_);
  const auto& route = domains_.at(domain).route;
  return route.empty() ? std::nullopt : std::optional(route.front());
}

Ticket Ways::acquire(TransportIndex transport, DomainIndex domain, Time now) {
  const std::lock_guard lock(mutex_);
  Way& way = ways_[transport];
  const Candidate standing = candidate(transport, domain, now);
  if (standing.state == Candidate::State::shut) return {.kind = Ticket::Kind::shut};
  if (standing.state == Candidate::State::probing) return {.kind = Ticket::Kind::wait};
  const auto domain_way =
      domain_ways_.empty() ? domain_ways_.end() : domain_ways_.find(key(transport, domain));
  if (domain_way != domain_ways_.end() && domain_way->second.paused_until > now)
    return {.kind = Ticket::Kind::wait, .at = domain_way->second.paused_until};
  if (!way.throttle.has_place()) return {.kind = Ticket::Kind::full};
  if (const Time at = way.throttle.ready_at(now); at > now)
    return {.kind = Ticket::Kind::full, .at = at};
  way.throttle.acquire();
  Ticket ticket;
  if (way.breaker.wants_canary(now)) {
    ticket.canary = true;
    way.breaker.send_canary();
  }
  if (domain_way != domain_ways_.end() && domain_way->second.breaker.wants_canary(now)) {
    ticket.domain_canary = true;
    domain_way->second.breaker.send_canary();
  }
  return ticket;
}

void Ways::charge(Way& way, std::size_t recipients) {
  // The first one was paid when the place was taken.
  if (way.abilities.rate_counts_recipients) way.throttle.charge(recipients - 1);
}

void Ways::charge(TransportIndex transport, std::size_t recipients) {
  const std::lock_guard lock(mutex_);
  charge(ways_[transport], recipients);
}

bool Ways::is_shut(TransportIndex transport, DomainIndex domain, Time now) const {
  const std::lock_guard lock(mutex_);
  if (ways_[transport].breaker.is_closed() && domain_ways_.empty()) return false;
  return candidate(transport, domain, now).state != Candidate::State::open;
}

void Ways::release(TransportIndex transport) {
  const std::lock_guard lock(mutex_);
  ways_[transport].throttle.release();
}

void Ways::abandon_canary(TransportIndex transport, DomainIndex domain, const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  if (ticket.canary) ways_[transport].breaker.abandon_canary();
  if (ticket.domain_canary) domain_ways_[key(transport, domain)].breaker.abandon_canary();
}

}  // namespace postern::delivery

// The part of Engine that follows the breakers: what waits for a way that was shut takes another,
// what waited for one that opened goes.
#include "core/log.hpp"
#include "delivery/engine.hpp"

namespace postern::delivery {

void Engine::breakers_changed(const BreakerChanges& changes, Time now) {
  for (const BreakerChange& changed : changes) {
    const bool shut =
        changed.state == BreakerState::open || changed.state == BreakerState::suspended;
    set_gauge(changed.transport, changed.domain, changed.state);
    if (shut)
      log::event(log::Level::warning, {}, "blocked",
                 {{"transport", changed.row.transport},
                  {"domain", changed.row.domain},
                  {"until", to_rfc3339(changed.row.until)},
                  {"reason", changed.row.reason}});
    else
      log::event(log::Level::info, {}, "unblocked",
                 {{"transport", changed.row.transport}, {"domain", changed.row.domain}});
    change(queue::SaveBreaker{changed.row});
    if (shut) {
      Lane& lane = *lanes_[changed.transport];
      call_off_shut(lane, now);
      reroute(lane, now);
    } else {
      wake_parked(changed.row.domain, now);
    }
    next_opening_ = ways_.next_opening(now);
  }
}

void Engine::call_off_shut(Lane& lane, Time now) {
  const std::deque<FlightId> waiting = lane.waiting;
  for (const FlightId id : waiting) {
    const Flight& flight = flights_.at(id);
    const bool canary = flight.ticket.canary || flight.ticket.domain_canary;
    if (!canary && ways_.is_shut(lane.number, flight.job->domain, now))
      call_off(id, "the transport has been shut meanwhile", now);
  }
}

void Engine::set_gauge(TransportIndex transport, std::optional<DomainIndex> domain,
                       BreakerState state) {
  const double value = state == BreakerState::closed ? 0 : state == BreakerState::half_open ? 1 : 2;
  metrics_.breaker_state
      .Add({{"transport", lanes_[transport]->name},
            {"domain", domain ? ways_.domain_name(*domain) : std::string()}})
      .Set(value);
}

}  // namespace postern::delivery

// The part of Engine that begins attempts: from a lane's queue to the transport's hands.
#include <algorithm>

#include "core/log.hpp"
#include "delivery/engine.hpp"
#include "delivery/wishes.hpp"

namespace postern::delivery {
namespace {

Outcome called_off(const std::string& why) {
  Outcome outcome;
  outcome.blame = Blame::none;
  outcome.fail_over = FailOver::now;
  outcome.reply = "not sent: " + why;
  outcome.rule = kCalledOff;
  return outcome;
}

}  // namespace

void Engine::pump(Time now) {
  for (auto& lane : lanes_) {
    pump_lane(*lane, now);
    if (const bool waits = !lane->ready.empty(); waits != lane->backlog) {
      lane->backlog = waits;
      ways_.set_backlog(lane->number, waits);
    }
  }
}

void Engine::pump_lane(Lane& lane, Time now) {
  while (!store_broken_) {
    const bool bulk = lane.ready.is_bulks_turn();
    Pumped pumped = start_one(lane, lane.ready.of(bulk), now);
    if (pumped == Pumped::none) pumped = start_one(lane, lane.ready.of(!bulk), now);
    if (pumped != Pumped::started) return;
  }
}

Engine::Pumped Engine::start_one(Lane& lane, Turns& turns, Time now) {
  std::size_t passed = 0;
  while (passed < turns.domains()) {
    const Ticket ticket = ways_.acquire(lane.number, turns.turn(), now);
    if (ticket.at > now)
      throttled_until_ = std::min(throttled_until_.value_or(ticket.at), ticket.at);
    switch (ticket.kind) {
      case Ticket::Kind::granted: {
        std::unique_ptr<Job> job = lane.ready.pop(turns);
        left_queue(*job);
        job->content_counted = false;
        start(std::move(job), lane, ticket, now);
        return Pumped::started;
      }
      case Ticket::Kind::full:
        return Pumped::full;
      case Ticket::Kind::wait:
        turns.pass();
        ++passed;
        break;
      case Ticket::Kind::shut:
        for (std::unique_ptr<Job>& job : turns.take_turns_jobs()) {
          left_queue(*job);
          job->content_counted = false;
          dispose(std::move(job), now);
        }
        break;
    }
  }
  return Pumped::none;
}

bool Engine::load_content(Job& job, Time now) {
  if (job.content) return true;
  try {
    job.content = reader_.content(*job.message);
  } catch (const std::exception& error) {
    store_failed(error.what(), now);
  }
  return job.content != nullptr;
}

void Engine::start(std::unique_ptr<Job> job, Lane& lane, const Ticket& ticket, Time now) {
  if (!load_content(*job, now)) {
    ways_.abandon_canary(lane.number, job->domain, ticket);
    ways_.release(lane.number);
    if (store_broken_)
      enqueue(std::move(job), lane);
    else
      hold(std::move(job), "its body is no longer kept", now);
    return;
  }
  if (is_overdue(*job->message, now)) {
    ways_.abandon_canary(lane.number, job->domain, ticket);
    ways_.release(lane.number);
    return give_up(*job, DeliveryState::expired, "its time to arrive is over", now);
  }
  if (const bool any = sift(*job, now); !any || store_broken_) {
    ways_.abandon_canary(lane.number, job->domain, ticket);
    ways_.release(lane.number);
    if (any) enqueue(std::move(job), lane);
    return;
  }
  const std::size_t most = job->singly ? 1 : std::max(1U, lane.abilities.max_recipients);
  if (job->deliveries.size() > most) {
    auto part = portion(*job, lane.abilities.max_recipients);
    entered_queue(*job);
    lane.ready.push_front(std::move(job));
    job = std::move(part);
  }
  ways_.charge(lane.number, job->deliveries.size());
  const FlightId id = ++last_flight_;
  Tag tag{Tag::Kind::start, id, job->deliveries.size()};
  for (const Copy& copy : job->deliveries) {
    change(queue::StartAttempt{.no = job->message->no,
                               .index = copy.index,
                               .token = copy.token,
                               .transport = lane.name,
                               .at = now,
                               .possible_duplicate = !job->doubt.empty()},
           tag);
    tag.count = 0;  // one tag for all of the flight's attempts
  }
  note_fail_over(*job, lane, now);
  flights_.emplace(id, Flight{.job = std::move(job),
                              .transport = lane.number,
                              .through = lane.transport,
                              .ticket = ticket,
                              .phase = Flight::Phase::starting});
}

void Engine::note_fail_over(const Job& job, const Lane& lane, Time now) {
  const auto from = job.tried.empty() ? ways_.first_choice(job.domain) : job.tried.back();
  if (!from || *from == lane.number || !job.doubt.empty()) return;
  const std::string& left = lanes_[*from]->name;
  const bool tried = !job.tried.empty();
  // A message that its first choice could never take has not failed over.
  if (!tried && !ways_.is_shut(*from, job.domain, now)) return;
  const std::string reason = tried ? job.left_because : "not usable now";
  metrics_.failovers.Add({{"from", left}, {"to", lane.name}, {"reason", tried ? "failed" : "shut"}})
      .Increment(static_cast<double>(job.deliveries.size()));
  log::event(log::Level::warning, job.message->id(), "failover",
             {{"from", left}, {"to", lane.name}, {"reason", reason}});
  for (const Copy& copy : job.deliveries)
    change(queue::AddEvent{job.message->no, now, "scheduler", "failover",
                           job.message->envelope.recipients[copy.index],
                           left + " -> " + lane.name + ": " + reason});
}

void Engine::started(FlightId id, const queue::Applied* results, Time now) {
  Flight& flight = flights_.at(id);
  Job& job = *flight.job;
  Lane& lane = *lanes_[flight.transport];
  std::vector<Copy> current;
  current.reserve(job.deliveries.size());
  for (Copy& copy : job.deliveries) {
    const queue::Applied& result = *results++;
    if (result.changed == 0) {
      // Somebody else has moved it meanwhile; what the store says now will be read again.
      held_.remove(job.message->no, copy.index);
      more_in_store_ = true;
      continue;
    }
    copy.token = result.token;
    ++copy.attempts;
    current.push_back(copy);
  }
  job.deliveries = std::move(current);
  if (!job.doubt.empty() && !job.deliveries.empty()) {
    const auto count = static_cast<double>(job.deliveries.size());
    metrics_.possible_duplicates.Increment(count);
    metrics_.uncertain.Add({{"transport", job.doubtful_transport}, {"resolution", job.doubt}})
        .Increment(count);
    job.doubt.clear();
  }
  if (job.deliveries.empty()) {
    ways_.abandon_canary(lane.number, job.domain, flight.ticket);
    ways_.release(lane.number);
    flights_.erase(id);
    return;
  }
  flight.phase = Flight::Phase::waiting;
  lane.waiting.push_back(id);
  dispatch(lane, now);
}

void Engine::dispatch(Lane& lane, Time now) {
  while (!lane.waiting.empty()) {
    const FlightId id = lane.waiting.front();
    Flight& flight = flights_.at(id);
    if (stopping_) {
      call_off(id, "the relay is stopping", now);
      continue;
    }
    const bool canary = flight.ticket.canary || flight.ticket.domain_canary;
    if (!canary && ways_.is_shut(lane.number, flight.job->domain, now)) {
      call_off(id, "the transport has been shut meanwhile", now);
      continue;
    }
    if (is_overdue(*flight.job->message, now)) {
      call_off(id, "its time to arrive is over", now);
      continue;
    }
    // A reload may have replaced the transport since the attempt was planned, or taken it away.
    if (lane.transport) flight.through = lane.transport;
    if (!flight.through) {
      call_off(id, "the transport is no longer configured", now);
      continue;
    }
    if (lane.running >= lane.most_running()) return;
    lane.waiting.pop_front();
    flight.phase = Flight::Phase::running;
    ++lane.running;
    const Job& job = *flight.job;
    transports::Parcel parcel{.message = job.message,
                              .content = job.content,
                              .recipients = {},
                              .provider_domain = provider_domain(job.message->sender_domain),
                              .ehlo_name = ehlo_name(job.message->sender_domain)};
    parcel.recipients.reserve(job.deliveries.size());
    for (const Copy& copy : job.deliveries) parcel.recipients.push_back(copy.index);
    if (log::enabled(log::Level::debug))
      log::event(log::Level::debug, job.message->id(), "attempt",
                 {{"transport", lane.name}, {"recipients", job.deliveries.size()}});
    out_.calls.push_back({id, flight.through, std::move(parcel)});
  }
}

void Engine::call_off(FlightId id, const std::string& why, Time now) {
  const auto found = flights_.find(id);
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  Lane& lane = *lanes_[flight.transport];
  std::erase(lane.waiting, id);
  ways_.release(lane.number);
  ways_.abandon_canary(lane.number, flight.job->domain, flight.ticket);
  settle(flight, Reports(flight.job->deliveries.size(), called_off(why)), Duration::zero(), now);
}

}  // namespace postern::delivery

// The part of Engine that serves operators, and waits for a broken store.
#include <algorithm>
#include <functional>
#include <map>

#include "core/log.hpp"
#include "delivery/engine.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstStorePause = 500ms;
constexpr Duration kLongestStorePause = 5s;

/// The token a change names, for those that name one.
struct Witness {
  MessageNo no{};
  std::uint32_t index = 0;
  std::int64_t token = 0;
};
std::optional<Witness> witness_of(const queue::Change& change) {
  if (const auto* start = std::get_if<queue::StartAttempt>(&change))
    return Witness{start->no, start->index, start->token};
  if (const auto* record = std::get_if<queue::Record>(&change))
    return Witness{record->no, record->index, record->token};
  return std::nullopt;
}

}  // namespace

void Engine::steer(queue::Steer verb, std::function<void(Steered)> done, Time now) {
  const bool retry = verb.verb == queue::Steer::Verb::retry;
  const std::uint64_t id = ++last_steering_;
  steerings_.emplace(id, Steering{.verb = std::move(verb), .done = std::move(done), .total = {}});
  step(id, now);
  // After the step: opening wakes the parked too, and the operator is told what his verb did.
  if (retry) breakers_changed(ways_.half_open(now), now);
}

void Engine::step(std::uint64_t id, Time now) {
  Steering& steering = steerings_.at(id);
  steering.verb.at = now;
  change(steering.verb, {Tag::Kind::steer, id, 1});
}

void Engine::steered(std::uint64_t id, const queue::Applied& result, Time now) {
  Steering& steering = steerings_.at(id);
  steering.faults = 0;
  steering.total.changed += result.changed;
  steering.total.resent_uncertain += result.resent_uncertain;
  metrics_.possible_duplicates.Increment(static_cast<double>(result.resent_uncertain));
  const bool cancels = steering.verb.verb == queue::Steer::Verb::cancel;
  for (const auto& [transport, count] : result.uncertain)
    metrics_.uncertain
        .Add({{"transport", transport}, {"resolution", cancels ? "cancelled" : "operator"}})
        .Increment(static_cast<double>(count));
  // Reading begins with the first step; the rest may take a while.
  more_in_store_ = true;
  next_read_ = std::min(next_read_, now);
  if (result.more) return step(id, now);
  const Steering finished = std::move(steering);
  steerings_.erase(id);
  if (finished.done) finished.done(finished.total);
}

void Engine::wake_parked(const std::string& sender_domain, Time now) {
  queue::Steer wake{.verb = queue::Steer::Verb::wake, .filter = {}, .at = now, .reason = {}};
  wake.filter.sender_domain = sender_domain;
  wake.filter.state = DeliveryState::queued;
  steer(std::move(wake), {}, now);
}

void Engine::heard(const std::shared_ptr<transports::Transport>& transport,
                   const transports::Account& account, Time now) {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                 [&](const auto& one) { return one->transport == transport; });
  if (lane == lanes_.end()) return;
  Lane& its = **lane;
  if (account.note != its.account.note)
    log::event(account.refusal ? log::Level::warning : log::Level::info, {}, "account",
               {{"transport", its.name}, {"note", account.note}});
  its.account = account;
  breakers_changed(ways_.heed(its.number, account, now), now);
}

bool Engine::suspend(const std::string& transport, const std::string& domain, Duration how_long,
                     std::string reason, Time now) {
  const auto number = ways_.find(transport);
  if (!number || !lanes_[*number]->transport) return false;
  breakers_changed(ways_.suspend(*number, domain, now + how_long, std::move(reason), now), now);
  return true;
}

bool Engine::resume(const std::string& transport, const std::string& domain, Time now) {
  const auto number = ways_.find(transport);
  if (!number || !lanes_[*number]->transport) return false;
  breakers_changed(ways_.resume(*number, domain, now), now);
  return true;
}

namespace {

TransportView view_of(const Lane& lane, std::string domain) {
  TransportView view;
  view.name = lane.name;
  view.type = lane.transport->type();
  view.domain = std::move(domain);
  view.breaker = to_string(BreakerState::closed);
  view.rate_per_second = lane.abilities.rate_per_second;
  return view;
}

void fill(TransportView& view, const WayView& way) {
  view.breaker = to_string(way.state);
  view.reason = way.reason;
  if (way.state != BreakerState::closed) view.until = way.until;
}

}  // namespace

std::vector<TransportView> Engine::views(Time now) const {
  std::vector<TransportView> views;
  const std::vector<WayView> ways = ways_.view(now);
  for (const auto& lane : lanes_) {
    if (!lane->transport) continue;
    TransportView whole = view_of(*lane, {});
    whole.account = lane->account.note;
    if (const double theirs = lane->account.recipients_per_second;
        theirs > 0 && (whole.rate_per_second == 0 || theirs < whole.rate_per_second))
      whole.rate_per_second = theirs;
    whole.in_flight = lane->in_flight();
    std::map<std::string, TransportView> domains;
    const auto of_domain = [&](DomainIndex domain) -> TransportView& {
      const std::string name = ways_.domain_name(domain);
      return domains.try_emplace(name, view_of(*lane, name)).first->second;
    };
    for (const auto& [domain, tally] : lane->tallies) {
      TransportView& view = of_domain(domain);
      view.sent = tally.sent;
      view.failed = tally.failed;
      view.last_error = tally.last_error;
      whole.sent += tally.sent;
      whole.failed += tally.failed;
      if (!tally.last_error.empty()) whole.last_error = tally.last_error;
    }
    for (const WayView& way : ways)
      if (way.transport == lane->number) fill(way.domain ? of_domain(*way.domain) : whole, way);
    views.push_back(std::move(whole));
    for (auto& [name, view] : domains) views.push_back(std::move(view));
  }
  return views;
}

void Engine::stop(Time now) {
  stopping_ = true;
  ways_.set_admitting(false);
  for (auto& lane : lanes_) dispatch(*lane, now);
}

void Engine::dismiss_operators() {
  for (auto& [id, steering] : std::exchange(steerings_, {}))
    if (steering.done) steering.done(steering.total);
}

// ---- The store's answers
// --------------------------------------------------------------------------

void Engine::applied(BatchId id, Results results, Time now) {
  const auto found = submitted_.find(id);
  if (const auto* fault = std::get_if<queue::StorageFault>(&results)) {
    stuck_.push_back(id);
    tell_operators(found->second, *fault);
    store_failed(fault->what, now);
    return;
  }
  if (store_broken_ && stuck_.empty()) {
    store_broken_ = false;
    store_pause_ = Duration::zero();
    ways_.set_admitting(!stopping_);
  }
  const Batch batch = std::move(found->second);
  submitted_.erase(found);
  digest(batch, std::get<std::vector<queue::Applied>>(results), now);
}

void Engine::digest(const Batch& batch, const std::vector<queue::Applied>& results, Time now) {
  for (const Batch::Released& released : batch.released) {
    held_.remove(released.no, released.index);
    if (released.due) note_due(*released.due);
  }
  const queue::Applied* result = results.data();
  for (const Tag& tag : batch.tags) {
    switch (tag.kind) {
      case Tag::Kind::other:
        break;
      case Tag::Kind::start:
        started(tag.id, result, now);
        break;
      case Tag::Kind::steer:
        steered(tag.id, *result, now);
        break;
      case Tag::Kind::put: {
        const Batch::Own& own = batch.messages[tag.id];
        Delivery delivery;
        delivery.state = own.start.state;
        delivery.token = 1;
        delivery.next_attempt_at = own.start.next_attempt_at;
        delivery.expires_at = own.start.expires_at;
        accepted(own.message, {delivery}, std::make_shared<MemoryContent>(own.content), now);
        break;
      }
    }
    result += tag.count;
  }
}

// A first fault is often gone half a second later; at the second nobody is kept waiting.
void Engine::tell_operators(const Batch& batch, const queue::StorageFault& fault) {
  for (const Tag& tag : batch.tags) {
    if (tag.kind != Tag::Kind::steer) continue;
    Steering& steering = steerings_.at(tag.id);
    if (++steering.faults < 2) continue;
    if (const auto done = std::exchange(steering.done, {})) done(fault);
  }
}

void Engine::store_failed(const std::string& what, Time now) {
  store_pause_ = store_pause_ == Duration::zero() ? kFirstStorePause
                                                  : std::min(store_pause_ * 2, kLongestStorePause);
  if (!store_broken_) log::event(log::Level::error, {}, "store-failed", {{"reason", what}});
  store_broken_ = true;
  store_retry_at_ = now + store_pause_;
  ways_.set_admitting(false);
}

// A fault does not say whether the commit reached the disk. The store is asked before the changes
// are sent again, so that nothing is done twice.
void Engine::resubmit(Time now) {
  // In the order they were first submitted: a later batch builds on the tokens of an earlier one.
  std::vector<BatchId> waiting = std::exchange(stuck_, {});
  std::sort(waiting.begin(), waiting.end(), std::greater<>());
  while (!waiting.empty()) {
    const BatchId id = waiting.back();
    try {
      Batch& batch = submitted_.at(id);
      if (was_committed(batch)) {
        std::vector<queue::Applied> results;
        for (const queue::Change& change : batch.changes) {
          const auto witness = witness_of(change);
          results.push_back({.changed = 1,
                             .more = std::holds_alternative<queue::Steer>(change),
                             .token = witness ? witness->token + 1 : 0});
        }
        waiting.pop_back();
        applied(id, std::move(results), now);
        continue;
      }
      out_.submissions.push_back({id, batch.changes});
      waiting.pop_back();
    } catch (const std::exception& error) {
      stuck_ = std::move(waiting);
      store_failed(error.what(), now);
      return;
    }
  }
  // Nothing stuck: a read had failed, or the answers are on their way. The next one decides.
  if (submitted_.empty()) {
    store_broken_ = false;
    store_pause_ = Duration::zero();
    ways_.set_admitting(!stopping_);
  } else {
    store_retry_at_ = now + kLongestStorePause;
  }
}

// A batch is one transaction: it reached the disk only if every token in it has moved on. (One may
// have been moved by an operator meanwhile; not all of them.)
bool Engine::was_committed(const Batch& batch) {
  bool seen = false;
  for (const queue::Change& change : batch.changes) {
    if (const auto* put = std::get_if<queue::Put>(&change))
      return reader_.find(put->message->no).has_value();
    const auto witness = witness_of(change);
    if (!witness) continue;
    const auto stored = reader_.find(witness->no);
    if (!stored) return false;
    for (const Delivery& delivery : stored->deliveries)
      if (delivery.index == witness->index && delivery.token <= witness->token) return false;
    seen = true;
  }
  return seen;
}

}  // namespace postern::delivery

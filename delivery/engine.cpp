#include "delivery/engine.hpp"

#include <algorithm>
#include <limits>

#include "core/log.hpp"

namespace postern::delivery {
Engine::Engine(Ways& ways, queue::Reader& reader, NumberSource& numbers, Metrics& metrics,
               std::uint64_t seed)
    : ways_(ways), reader_(reader), numbers_(numbers), metrics_(metrics), random_(seed) {}

Engine::~Engine() = default;

void Engine::configure(std::shared_ptr<const config::Config> config, Transports transports,
                       Time now) {
  const bool is_reload = config_ != nullptr;
  config_ = std::move(config);
  std::vector<Ways::Exit> exits;
  exits.reserve(transports.size());
  for (const auto& transport : transports)
    exits.push_back({transport->name(), transport->abilities()});
  const std::vector<TransportIndex> numbers = ways_.configure(config_, exits, now);
  for (auto& lane : lanes_) lane->transport = nullptr;
  for (std::size_t i = 0; i < transports.size(); ++i) {
    if (numbers[i] == lanes_.size())
      lanes_.push_back(std::make_unique<Lane>(numbers[i], transports[i]->name(), metrics_));
    Lane& lane = *lanes_[numbers[i]];
    lane.transport = std::move(transports[i]);
    lane.abilities = exits[i].abilities;
    lane.account = {};
  }
  for (auto& lane : lanes_) {
    reroute(*lane, now);
    if (!lane->transport)
      while (!lane->waiting.empty()) call_off(lane->waiting.front(), "no longer configured", now);
  }
  if (is_reload) wake_parked({}, now);
}

void Engine::restore(Time now) {
  ways_.restore(reader_.breakers());
  for (const WayView& view : ways_.view(now)) set_gauge(view.transport, view.domain, view.state);
  next_opening_ = ways_.next_opening(now);
  ways_.set_admitting(true);
  // The configuration may have changed meanwhile: what waits for a shut way may find another.
  if (ways_.any_open(now)) wake_parked({}, now);
}

void Engine::accepted(std::shared_ptr<const Message> message,
                      const std::vector<Delivery>& deliveries,
                      std::shared_ptr<const Content> content, Time now) {
  auto job = std::make_unique<Job>();
  job->message = std::move(message);
  job->content = std::move(content);
  const Delivery& first = deliveries.front();  // a message's deliveries all start alike
  if (first.state == DeliveryState::held) {
    log::event(log::Level::warning, job->message->id(), "held", {{"reason", first.reason}});
    return;
  }
  const bool is_active = first.state == DeliveryState::active;
  if (!is_active && first.next_attempt_at > now) {
    note_due(first.next_attempt_at);
    return;
  }
  // What is urgent does not wait behind what is in the store, as long as there is little of it.
  const std::size_t most = config_->queue.memory_messages;
  if (!is_active && ready_ >= (job->message->priority > 0 ? 2 * most : most)) {
    note_more_of(ways_.intern(job->message->sender_domain));
    return;
  }
  job->domain = ways_.intern(job->message->sender_domain);
  job->deliveries.reserve(deliveries.size());
  for (const Delivery& delivery : deliveries) {
    job->deliveries.push_back({.index = delivery.index,
                               .token = delivery.token,
                               .attempts = delivery.attempts,
                               .expires_at = delivery.expires_at,
                               .notice_at = delivery.notice_at});
    held_.add(job->message->no, delivery.index);
  }
  if (!is_active) {
    dispose(std::move(job), now);
    return;
  }
  Lane& lane = *lanes_[*ways_.find(first.transport)];
  if (!load_content(*job, now)) {
    // The body cannot be read now: the attempt has not begun, whatever its row says.
    Flight flight{.job = std::move(job), .transport = lane.number};
    flights_.emplace(++last_flight_, std::move(flight));
    lane.waiting.push_back(last_flight_);
    call_off(last_flight_, "the body could not be read", now);
    return;
  }
  Flight flight{.job = std::move(job),
                .transport = lane.number,
                .through = lane.transport,
                .phase = Flight::Phase::waiting};
  flights_.emplace(++last_flight_, std::move(flight));
  lane.waiting.push_back(last_flight_);
  dispatch(lane, now);
}

void Engine::dispose(std::unique_ptr<Job> job, Time now) {
  if (!sift(*job, now)) return;
  if (job->preferred) {
    const TransportIndex preferred = *std::exchange(job->preferred, std::nullopt);
    Lane& lane = *lanes_[preferred];
    if (lane.transport && !ways_.is_shut(preferred, job->domain, now)) {
      enqueue(std::move(job), lane);
      return;
    }
  }
  Choice choice = ways_.choose(job->domain, needs_of(*job->message), job->tried, now);
  if (choice.kind == Choice::Kind::none && !job->tried.empty()) {
    if (job->doubt.empty()) {
      // All have been tried in this cycle; the ways have changed since it was queued here.
      const Copy& copy = job->deliveries.front();
      const Duration age = now - copy.first_failed_at.value_or(now);
      const std::string reason = job->left_because;
      park(std::move(job), now + wait_after(config_->queue.retry, copy.attempts, age, random()),
           reason, now);
      return;
    }
    job->tried.clear();  // no other way: an uncertain one goes where it went before
    choice = ways_.choose(job->domain, needs_of(*job->message), job->tried, now);
  }
  switch (choice.kind) {
    case Choice::Kind::go:
      enqueue(std::move(job), *lanes_[choice.transport]);
      break;
    case Choice::Kind::wait:
      park(std::move(job), choice.until, choice.reason, now);
      break;
    case Choice::Kind::unfit:
      // What may have arrived is no failure.
      if (job->doubt.empty()) return give_up(*job, DeliveryState::failed, choice.reason, now);
      [[fallthrough]];
    case Choice::Kind::none:
      hold(std::move(job), choice.reason, now);
      break;
  }
}

void Engine::park(std::unique_ptr<Job> job, Time until, const std::string& reason, Time now) {
  if (now >= job->deliveries.front().expires_at) {
    give_up(*job, DeliveryState::expired, reason, now);
    return;
  }
  std::vector<News> late;
  for (Copy& copy : job->deliveries) {
    const bool is_late = take_notice(copy, now);
    if (is_late)
      late.push_back({.index = copy.index,
                      .status = {},
                      .reply = {},
                      .transport = {},
                      .retry_until = copy.expires_at});
    const Time due = std::min({until, copy.expires_at, copy.notice_at.value_or(until)});
    change(queue::Record{
        .no = job->message->no,
        .index = copy.index,
        .token = copy.token,
        // What may have arrived stays uncertain until it goes again: then it is counted.
        .state = job->doubt.empty() ? DeliveryState::queued : DeliveryState::uncertain,
        .reason = reason,
        .provider_id = {},
        .next_attempt_at = due,
        .first_failed_at = copy.first_failed_at,
        .notice_given = is_late,
        .outcome = {},
        .at = now});
    release({job->message->no, copy.index, due});
  }
  if (!late.empty())
    report(*job->message, job->content, mail::Action::delayed, std::move(late), now);
}

void Engine::hold(std::unique_ptr<Job> job, const std::string& reason, Time now) {
  log::event(log::Level::warning, job->message->id(), "held", {{"reason", reason}});
  for (const Copy& copy : job->deliveries) {
    change(queue::Record{.no = job->message->no,
                         .index = copy.index,
                         .token = copy.token,
                         .state = DeliveryState::held,
                         .reason = reason,
                         .provider_id = {},
                         .first_failed_at = copy.first_failed_at,
                         .outcome = {},
                         .at = now});
    change(queue::AddEvent{job->message->no, now, "scheduler", "held",
                           job->message->envelope.recipients[copy.index], reason});
  }
  forget(*job);
}

void Engine::enqueue(std::unique_ptr<Job> job, Lane& lane) {
  if (job->content && !job->content_counted) {
    const std::uint64_t size_bytes = job->content->size_bytes();
    if (content_bytes_ + size_bytes <= config_->queue.memory_bytes) {
      content_bytes_ += size_bytes;
      job->content_counted = true;
    } else {
      job->content = nullptr;  // it is in the store
    }
  }
  entered_queue(*job);
  lane.ready.push(std::move(job));
}

void Engine::reroute(Lane& lane, Time now) {
  for (std::unique_ptr<Job>& job : lane.ready.take_all()) {
    left_queue(*job);
    job->content_counted = false;
    dispose(std::move(job), now);
  }
}

void Engine::forget(const Job& job, std::optional<Time> due) {
  for (const Copy& copy : job.deliveries) release({job.message->no, copy.index, due});
}

// Until its record is on disk, the store still shows the delivery as it was: due.
void Engine::release(Batch::Released delivery) {
  held_.conclude(delivery.no, delivery.index);
  gathered_.released.push_back(delivery);
}

void Engine::change(queue::Change change, Tag tag) {
  gathered_.changes.push_back(std::move(change));
  if (tag.kind == Tag::Kind::other && !gathered_.tags.empty() &&
      gathered_.tags.back().kind == Tag::Kind::other)
    ++gathered_.tags.back().count;
  else if (tag.count > 0)
    gathered_.tags.push_back(tag);
}

void Engine::flush() {
  if (gathered_.changes.empty()) return;
  const BatchId id = ++last_batch_;
  out_.submissions.push_back({id, gathered_.changes});
  submitted_.emplace(id, std::move(gathered_));
  gathered_ = {};
}

Commands Engine::take(Time now) {
  if (store_broken_ && now >= store_retry_at_) resubmit(now);
  if (next_opening_ && now >= *next_opening_) {
    for (const WayView& view : ways_.view(now)) set_gauge(view.transport, view.domain, view.state);
    next_opening_ = ways_.next_opening(now);
    more_in_store_ = true;
    next_read_ = now;
  }
  if (next_due_ && now >= *next_due_) {
    next_due_.reset();
    more_in_store_ = true;
  }
  throttled_until_.reset();
  if (!stopping_ && !store_broken_) {
    refill(now);
    pump(now);
  }
  conclude_given_up(now);
  flush();
  return std::exchange(out_, {});
}

std::optional<Time> Engine::next_wake(Time now) const {
  std::optional<Time> wake;
  const auto at = [&](Time time) { wake = std::min(wake.value_or(time), std::max(time, now)); };
  if (store_broken_) at(store_retry_at_);
  if (stopping_ || store_broken_) return wake;
  if (next_due_) at(*next_due_);
  if (next_opening_) at(*next_opening_);
  if (throttled_until_) at(*throttled_until_);
  if (more_in_store_) at(next_read_);
  for (const auto& [no, waiting] : given_up_) at(waiting.until);
  return wake;
}

config::OnUncertain Engine::policy_of(const std::string& sender_domain) const {
  const config::Domain* domain = config_->find_domain(sender_domain);
  return domain && domain->on_uncertain ? *domain->on_uncertain : config_->queue.on_uncertain;
}

std::string Engine::provider_domain(const std::string& sender_domain) const {
  const config::Domain* domain = config_->find_domain(sender_domain);
  return domain && !domain->mailgun_domain.empty() ? domain->mailgun_domain : sender_domain;
}

std::string Engine::ehlo_name(const std::string& sender_domain) const {
  const config::Domain* domain = config_->find_domain(sender_domain);
  return domain && domain->hide_origin && !sender_domain.empty() ? sender_domain
                                                                 : config_->server.hostname;
}

bool Engine::is_idle() const {
  return flights_.empty() && submitted_.empty() && gathered_.changes.empty() && given_up_.empty();
}

}  // namespace postern::delivery

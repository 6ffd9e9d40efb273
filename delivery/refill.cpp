// The part of Engine that reads the store: work that is due, and uncertain deliveries, which are
// asked about before anything else is done with them.
#include <algorithm>

#include "core/log.hpp"
#include "delivery/engine.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

// Of one sender domain at most so many read messages wait in memory, however few others there are.
constexpr std::size_t kMostOfADomain = 512;
// So many messages are read at once.
constexpr std::uint32_t kReadMessages = 512;
// After a read that found the end, and while every way is shut.
constexpr Duration kReadPause = 50ms;
constexpr Duration kShutPause = 5s;

}  // namespace

// Of one domain. The more domains wait the less of each, but always a little.
std::size_t Engine::fair_share() const {
  constexpr std::size_t kLeast = 4;
  const std::size_t share = config_->queue.memory_messages / (1 + read_domains_);
  return std::clamp(share, kLeast, kMostOfADomain);
}

std::size_t Engine::most_from_store() const {
  return std::size_t{2} * config_->queue.memory_messages;
}

std::uint32_t Engine::room_for(DomainIndex domain) {
  if (ready_from_store_ >= most_from_store()) return 0;
  const std::size_t waits = read_of(domain).waiting;
  const std::size_t share = fair_share();
  return static_cast<std::uint32_t>(share - std::min(share, waits));
}

Engine::ReadOf& Engine::read_of(DomainIndex domain) {
  if (read_.size() <= domain) read_.resize(domain + 1U);
  return read_[domain];
}

void Engine::note_more_of(DomainIndex domain) {
  ReadOf& of = read_of(domain);
  of.has_more = true;
  // Half a share is left when the next read begins, so that nobody runs dry meanwhile.
  if (of.waiting <= fair_share() / 2 && room_for(domain) > 0) more_in_store_ = true;
}

void Engine::entered_queue(const Job& job) {
  ++ready_;
  if (!job.from_store) return;
  ++ready_from_store_;
  if (++read_of(job.domain).waiting == 1) ++read_domains_;
}

void Engine::left_queue(const Job& job) {
  --ready_;
  if (job.content_counted) content_bytes_ -= job.content->size_bytes();
  if (!job.from_store) return;
  --ready_from_store_;
  ReadOf& of = read_of(job.domain);
  if (--of.waiting == 0) --read_domains_;
  if (ready_from_store_ + 1 == most_from_store()) more_in_store_ = true;
  if (of.has_more && of.waiting <= fair_share() / 2) more_in_store_ = true;
}

void Engine::note_due(Time at) {
  next_due_ = std::min(next_due_.value_or(at), at);
}

void Engine::refill(Time now) {
  if (!more_in_store_ || now < next_read_) return;
  // While all is shut, what is read can only be put off or expire; that may take its time.
  next_read_ = ways_.any_open(now) ? now : now + kShutPause;
  try {
    const queue::Due due = reader_.due(
        {.now = now,
         .limit = kReadMessages,
         .after_domain = read_after_,
         .room = [this](const std::string& domain) { return room_for(ways_.intern(domain)); },
         .skip = [this](MessageNo no, std::uint32_t index) { return held_.contains(no, index); }});
    read_after_ = due.last_domain;
    more_in_store_ = !due.is_complete;
    for (ReadOf& of : read_) of.has_more = of.has_more && !due.is_complete;
    for (const queue::Stored& stored : due.messages) load(stored, now);
    for (const std::string& domain : due.has_more) note_more_of(ways_.intern(domain));
    if (more_in_store_) return;
    next_read_ = std::max(next_read_, now + kReadPause);
    if (const auto next = reader_.next_due(now)) note_due(*next);
  } catch (const std::exception& error) {
    store_failed(error.what(), now);
  }
}

void Engine::load(const queue::Stored& stored, Time now) {
  std::unique_ptr<Job> job;
  for (const Delivery& delivery : stored.deliveries) {
    if (held_.contains(stored.message->no, delivery.index) || delivery.next_attempt_at > now)
      continue;
    if (delivery.state == DeliveryState::uncertain) continue;
    if (!job) {
      job = std::make_unique<Job>();
      job->message = stored.message;
      job->domain = ways_.intern(stored.message->sender_domain);
      job->from_store = true;
    }
    held_.add(stored.message->no, delivery.index);
    job->deliveries.push_back({.index = delivery.index,
                               .token = delivery.token,
                               .attempts = delivery.attempts,
                               .expires_at = delivery.expires_at,
                               .first_failed_at = delivery.first_failed_at,
                               .notice_at = delivery.notice_at});
  }
  if (job) dispose(std::move(job), now);
  // Last, for it reads: what was taken above is in good hands when that fails.
  for (const Delivery& delivery : stored.deliveries)
    if (delivery.state == DeliveryState::uncertain && delivery.next_attempt_at <= now &&
        !held_.contains(stored.message->no, delivery.index))
      inquire(stored.message, delivery, now);
}

void Engine::inquire(const std::shared_ptr<const Message>& message, const Delivery& delivery,
                     Time now) {
  const auto stored = reader_.find(message->no);
  if (!stored) return;
  held_.add(message->no, delivery.index);
  Doubt doubt{.message = message, .delivery = delivery, .since = now};
  Time started_at = now;
  for (const queue::AttemptRow& attempt : stored->attempts) {
    if (attempt.index != delivery.index) continue;
    started_at = attempt.started_at;
    doubt.took = attempt.duration.value_or(Duration::zero());
    doubt.since = started_at + doubt.took;
  }
  const Resolution first = look(policy_of(message->sender_domain), now);
  if (first.step != Resolution::Step::ask) return resolve(doubt, first, {}, now);
  const auto number = ways_.find(delivery.transport);
  const Lane* lane = number ? lanes_[*number].get() : nullptr;
  if (!lane || !lane->transport || !lane->abilities.look_up)
    return resolve(doubt, reconcile(transports::Answer::Kind::unable, doubt.since, now), {}, now);
  out_.questions.push_back(
      {++last_question_, lane->transport,
       transports::Inquiry{.message = message,
                           .recipient = delivery.index,
                           .provider_domain = provider_domain(message->sender_domain),
                           .attempt_started_at = started_at}});
  doubts_.emplace(last_question_, std::move(doubt));
}

void Engine::answered(std::uint64_t question, const transports::Answer& answer, Time now) {
  const auto found = doubts_.find(question);
  const Doubt doubt = std::move(found->second);
  doubts_.erase(found);
  resolve(doubt, reconcile(answer.kind, doubt.since, now), answer, now);
}

void Engine::resolve(const Doubt& doubt, const Resolution& resolution,
                     const transports::Answer& answer, Time now) {
  using Step = Resolution::Step;
  if (resolution.step == Step::resend || resolution.step == Step::fail_over)
    return send_again(doubt, resolution, now);
  const Delivery& delivery = doubt.delivery;
  queue::Record record{.no = doubt.message->no,
                       .index = delivery.index,
                       .token = delivery.token,
                       .state = DeliveryState::uncertain,
                       .reason = answer.detail.empty() ? delivery.reason : answer.detail,
                       .provider_id = answer.provider_id,
                       .next_attempt_at = resolution.at,
                       .first_failed_at = delivery.first_failed_at,
                       .outcome = {},
                       .duration = doubt.took,
                       .at = now};
  if (resolution.step == Step::ask) {
    change(std::move(record));
    release({doubt.message->no, delivery.index, resolution.at});
    return;
  }
  if (resolution.step != Step::sent) return not_arrived(doubt, resolution, answer, now);
  metrics_.uncertain.Add({{"transport", delivery.transport}, {"resolution", "found"}}).Increment();
  log::event(log::Level::info, doubt.message->id(), "delivered",
             {{"to", doubt.message->envelope.recipients[delivery.index]},
              {"transport", delivery.transport},
              {"found", answer.detail}});
  record.state = DeliveryState::sent;
  record.outcome = Outcome::delivered(record.reason, answer.provider_id);
  change(std::move(record));
  release({doubt.message->no, delivery.index, std::nullopt});
  report(*doubt.message, nullptr, mail::Action::relayed,
         {{.index = delivery.index,
           .status = {},
           .reply = answer.detail,
           .transport = delivery.transport}},
         now);
}

// The attempt is settled as if the provider had said so at once.
void Engine::not_arrived(const Doubt& doubt, const Resolution& resolution,
                         const transports::Answer& answer, Time now) {
  const bool refused = resolution.step == Resolution::Step::failed;
  Outcome outcome = answer.why;
  if (refused) {
    outcome.kind = Outcome::Kind::rejected;
    outcome.meaning = Meaning::recipient;
    outcome.blame = Blame::recipient;
    outcome.fail_over = FailOver::never;
  }
  outcome.reply = answer.detail;
  metrics_.uncertain
      .Add({{"transport", doubt.delivery.transport},
            {"resolution", refused ? "refused" : "not_sent"}})
      .Increment();
  const Flight flight{.job = job_of(doubt),
                      .transport = ways_.find(doubt.delivery.transport).value()};
  const Reports outcomes{outcome};
  if (outcome.blame == Blame::transport || outcome.blame == Blame::sender_domain)
    breakers_changed(ways_.judge(flight.transport, flight.job->domain, flight.ticket, outcomes,
                                 doubt.message->no, now),
                     now);
  settle(flight, outcomes, doubt.took, now);
}

std::unique_ptr<Job> Engine::job_of(const Doubt& doubt) {
  const Delivery& delivery = doubt.delivery;
  auto job = std::make_unique<Job>();
  job->message = doubt.message;
  job->domain = ways_.intern(doubt.message->sender_domain);
  job->from_store = true;
  job->deliveries.push_back({.index = delivery.index,
                             .token = delivery.token,
                             .attempts = delivery.attempts,
                             .expires_at = delivery.expires_at,
                             .first_failed_at = delivery.first_failed_at,
                             .notice_at = delivery.notice_at});
  return job;
}

void Engine::send_again(const Doubt& doubt, const Resolution& resolution, Time now) {
  const Delivery& delivery = doubt.delivery;
  auto job = job_of(doubt);
  job->doubtful_transport = delivery.transport;
  const auto number = ways_.find(delivery.transport);
  if (resolution.step == Resolution::Step::resend) {
    job->doubt = "resent";
    job->preferred = number;
  } else {
    job->doubt = "failed_over";
    if (number) job->tried.push_back(*number);
  }
  dispose(std::move(job), now);
}

}  // namespace postern::delivery

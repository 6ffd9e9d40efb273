// The part of Engine that draws conclusions: from outcomes to records, fail-over and new attempts.
#include <algorithm>

#include "core/log.hpp"
#include "delivery/settlement.hpp"
#include "delivery/wishes.hpp"

namespace postern::delivery {

void Engine::reported(FlightId id, Reports outcomes, Tick::duration took, Time now) {
  const auto found = flights_.find(id);
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  Lane& lane = *lanes_[flight.transport];
  --lane.running;
  lane.seconds.Observe(to_seconds(took));
  // A transport that answers too few has a fault; what it did with the others is unknown.
  outcomes.resize(flight.job->deliveries.size(), Outcome::uncertain("no outcome was reported"));
  for (const Outcome& outcome : outcomes)
    lane.attempts.at(static_cast<std::size_t>(outcome.kind))->Increment();
  ways_.release(lane.number);
  breakers_changed(ways_.judge(lane.number, flight.job->domain, flight.ticket, outcomes,
                               flight.job->message->no, now),
                   now);
  settle(flight, outcomes, std::chrono::duration_cast<Duration>(took), now);
  dispatch(lane, now);
}

void Engine::settle(const Flight& flight, const Reports& outcomes, Duration took, Time now) {
  Lane& lane = *lanes_[flight.transport];
  Settlement settlement{.flight = flight,
                        .lane = lane,
                        .tally = lane.tallies[flight.job->domain],
                        .took = took,
                        .now = now,
                        .tried = flight.job->tried,
                        .others = {},
                        .any = {},
                        .onward = nullptr,
                        .left_out = nullptr,
                        .singles = {},
                        .news = {},
                        .records = {}};
  settlement.tried.push_back(lane.number);
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    settle_one(settlement, flight.job->deliveries[i], outcomes[i]);
  if (!settlement.records.empty()) gather_failed(settlement);
  for (const mail::Action action :
       {mail::Action::delayed, mail::Action::relayed, mail::Action::delivered})
    if (!settlement.of(action).empty())
      report(*flight.job->message, flight.job->content, action, std::move(settlement.of(action)),
             now);
  if (settlement.onward) dispose(std::move(settlement.onward), now);
  if (settlement.left_out) dispose(std::move(settlement.left_out), now);
  for (std::unique_ptr<Job>& single : settlement.singles) dispose(std::move(single), now);
}

void Engine::settle_one(Settlement& to, Copy copy, const Outcome& outcome) {
  const Job& job = to.job();
  const Needs needs = needs_of(*job.message);
  Standing standing{.attempts = copy.attempts,
                    .now = to.now,
                    .expires_at = copy.expires_at,
                    .first_failed_at = copy.first_failed_at,
                    .deferred_in_cycle = job.deferred_in_cycle,
                    .refused_in_cycle = job.refused_in_cycle,
                    .in_company = job.deliveries.size() > 1,
                    .is_strict = returns_when_late(*job.message)};
  if (outcome.kind == Outcome::Kind::deferred || outcome.kind == Outcome::Kind::rejected) {
    if (!to.others) to.others = ways_.choose(job.domain, needs, to.tried, to.now);
    standing.another_way = to.others->kind == Choice::Kind::go;
    standing.another_way_later = to.others->kind == Choice::Kind::wait;
  }
  Verdict verdict = judge(outcome, standing, config_->queue, random());
  switch (verdict.step) {
    case Verdict::Step::sent:
      return finish(to, copy, outcome, DeliveryState::sent);
    case Verdict::Step::failed:
      return finish(to, copy, outcome, DeliveryState::failed);
    case Verdict::Step::expired:
      return finish(to, copy, outcome, DeliveryState::expired);
    case Verdict::Step::wait:
    case Verdict::Step::await_way:
      if (outcome.blame == Blame::recipient || outcome.blame == Blame::message) {
        // This way is open, and would only say the same again.
        if (verdict.step == Verdict::Step::await_way)
          verdict.at = std::min(to.others->until, copy.expires_at);
        break;
      }
      if (!to.any) to.any = ways_.choose(job.domain, needs, {}, to.now);
      if (to.any->kind == Choice::Kind::wait)
        verdict = {Verdict::Step::await_way, std::min(to.any->until, copy.expires_at)};
      else if (outcome.rule == kCalledOff)
        verdict = {Verdict::Step::await_way, to.now};  // not failed: due as before
      else if (verdict.step == Verdict::Step::await_way)
        verdict.at = std::min(to.others->until, copy.expires_at);
      break;
    case Verdict::Step::next_way:
    case Verdict::Step::split:
    case Verdict::Step::next_call:
    case Verdict::Step::ask:
      break;
  }
  if (outcome.blame != Blame::none && outcome.kind != Outcome::Kind::uncertain &&
      !copy.first_failed_at)
    copy.first_failed_at = to.now;
  go_on(to, std::move(copy), outcome, verdict);
}

void Engine::finish(Settlement& to, const Copy& copy, const Outcome& outcome, DeliveryState state) {
  const Message& message = *to.job().message;
  const bool sent = state == DeliveryState::sent;
  if (log::enabled(sent ? log::Level::info : log::Level::warning))
    log::event(sent ? log::Level::info : log::Level::warning, message.id(),
               sent                              ? "delivered"
               : state == DeliveryState::expired ? "expired"
                                                 : "rejected",
               {{"to", to.recipient(copy)},
                {"transport", to.lane.name},
                {"ms", to.took.count()},
                {"reply", outcome.reply}});
  const News news{.index = copy.index,
                  .status = {},
                  .reply = outcome.reply,
                  .transport = to.lane.name,
                  .expired = state == DeliveryState::expired};
  if (sent) {
    ++to.tally.sent;
    if (outcome.onward != Onward::tells && message.envelope.options)
      to.of(outcome.onward == Onward::arrived ? mail::Action::delivered : mail::Action::relayed)
          .push_back(news);
  } else {
    ++to.tally.failed;
    to.tally.last_error = outcome.reply;
    note_suppression(message, copy.index, outcome, to.lane.name, to.now);
    to.of(mail::Action::failed).push_back(news);
  }
  queue::Record record{.no = message.no,
                       .index = copy.index,
                       .token = copy.token,
                       .state = state,
                       .reason = outcome.reply,
                       .provider_id = outcome.provider_id,
                       .next_attempt_at = to.now,
                       .first_failed_at = copy.first_failed_at,
                       .outcome = outcome,
                       .duration = to.took,
                       .at = to.now};
  if (!sent) {
    to.records.push_back(std::move(record));
    return;
  }
  change(std::move(record));
  release({message.no, copy.index, std::nullopt});
}

void Engine::go_on(Settlement& to, Copy copy, const Outcome& outcome, const Verdict& verdict) {
  using Step = Verdict::Step;
  const Job& job = to.job();
  to.tally.last_error = outcome.reply;
  const bool at_once = (verdict.step == Step::next_way || verdict.step == Step::split ||
                        verdict.step == Step::next_call) &&
                       !stopping_;
  Time due = verdict.at;
  DeliveryState state = DeliveryState::queued;
  if (verdict.step == Step::wait && !stopping_) state = DeliveryState::deferred;
  if (verdict.step == Step::ask) {
    state = DeliveryState::uncertain;
    due = first_look(policy_of(job.message->sender_domain), to.now);
  }
  const bool is_uncertain = state == DeliveryState::uncertain;
  const bool is_late = take_notice(copy, to.now);
  if (is_late)
    to.of(mail::Action::delayed)
        .push_back({.index = copy.index,
                    .status = {},
                    .reply = outcome.reply,
                    .transport = to.lane.name,
                    .retry_until = copy.expires_at});
  // An attempt at the time the notice is due, rather than a notice without one; but never before
  // the provider's own time. (What waits for a way is only looked at.)
  if (copy.notice_at &&
      (state == DeliveryState::queued || (state == DeliveryState::deferred && !outcome.retry_at)))
    due = std::min(due, *copy.notice_at);
  if (!at_once)
    log::event(is_uncertain ? log::Level::warning : log::Level::info, job.message->id(),
               is_uncertain ? "uncertain" : "deferred",
               {{"to", to.recipient(copy)},
                {"transport", to.lane.name},
                {"until", to_rfc3339(due)},
                {"reply", outcome.reply}});
  change(queue::Record{.no = job.message->no,
                       .index = copy.index,
                       .token = copy.token,
                       .state = state,
                       .reason = outcome.reply,
                       .provider_id = outcome.provider_id,
                       .next_attempt_at = due,
                       .first_failed_at = copy.first_failed_at,
                       .notice_given = is_late,
                       .outcome = outcome,
                       .duration = to.took,
                       .at = to.now});
  if (!at_once) {
    release({job.message->no, copy.index, due});
    return;
  }
  ++copy.token;  // Record raises it; the next start may be in the same transaction
  if (verdict.step == Step::split) {
    auto single = job.sibling();
    single->singly = true;
    single->preferred = to.lane.number;
    single->deliveries.push_back(std::move(copy));
    to.singles.push_back(std::move(single));
    return;
  }
  if (verdict.step == Step::next_call) {
    if (!to.left_out) {
      to.left_out = job.sibling();
      to.left_out->preferred = to.lane.number;
    }
    to.left_out->deliveries.push_back(std::move(copy));
    return;
  }
  if (!to.onward) {
    to.onward = job.sibling();
    to.onward->singly = false;
    to.onward->tried = to.tried;
    to.onward->left_because = outcome.reply;
  }
  if (outcome.kind == Outcome::Kind::deferred && outcome.blame != Blame::none)
    to.onward->deferred_in_cycle = true;
  if (outcome.fail_over == FailOver::once) to.onward->refused_in_cycle = true;
  to.onward->deliveries.push_back(std::move(copy));
}

}  // namespace postern::delivery

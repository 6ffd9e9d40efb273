#include "delivery/retry.hpp"

#include <algorithm>
#include <limits>

namespace postern::delivery {
namespace {

constexpr std::uint32_t kAttemptsBeforeExpiry = 3;
constexpr Duration kShortestWait = std::chrono::seconds(1);

/// The default of queue.retry, for settings that were not loaded from anywhere.
const config::RetrySchedule& or_default(const config::RetrySchedule& schedule) {
  static const config::RetrySchedule kDefault{
      {std::chrono::seconds(30)},    {std::chrono::minutes(2)},  {std::chrono::minutes(5)},
      {std::chrono::minutes(15), 2}, {std::chrono::hours(1), 6}, {std::chrono::hours(3), 0}};
  return schedule.empty() ? kDefault : schedule;
}

/// The wait of step number `step`, the last one for ever.
Duration step_wait(const config::RetrySchedule& schedule, std::uint32_t step) {
  for (const config::RetryStep& entry : schedule) {
    if (entry.times == 0 || step < entry.times) return entry.wait;
    step -= entry.times;
  }
  return schedule.back().wait;
}

/// How many waits, each as short as jitter makes it, fit into `age`; at most `limit`.
std::uint32_t steps_within(const config::RetrySchedule& schedule, Duration age,
                           std::uint32_t limit) {
  std::uint32_t step = 0;
  for (; step < limit; ++step) {
    age -= step_wait(schedule, step) * 9 / 10;
    if (age < Duration::zero()) break;
  }
  return step;
}

Duration jittered(Duration wait, double random) {
  const double factor = 0.9 + 0.2 * random;
  return Duration(static_cast<Duration::rep>(static_cast<double>(wait.count()) * factor));
}

Time next_time(const Outcome& outcome, const Standing& standing, const config::Queue& settings,
               double random) {
  if (outcome.retry_at && *outcome.retry_at > standing.now + kShortestWait) {
    // Never earlier than the provider said.
    const Duration wait = *outcome.retry_at - standing.now;
    return *outcome.retry_at + jittered(wait, random) / 10;
  }
  const Duration age = standing.now - standing.first_failed_at.value_or(standing.now);
  return standing.now +
         std::max(kShortestWait, wait_after(settings.retry, standing.attempts, age, random));
}

bool may_leave(const Outcome& outcome, const Standing& standing, const config::Queue& settings) {
  if (outcome.fail_over == FailOver::now) return true;
  if (outcome.fail_over == FailOver::once) return !standing.refused_in_cycle;
  if (outcome.fail_over == FailOver::never || !standing.first_failed_at) return false;
  // Jitter shortens a wait by up to a tenth; the first retry of "30s" shall count as 30 s old.
  return standing.now - *standing.first_failed_at >= settings.failover_after * 9 / 10;
}

}  // namespace

Duration wait_after(const config::RetrySchedule& configured, std::uint32_t attempts, Duration age,
                    double random) {
  const config::RetrySchedule& schedule = or_default(configured);
  const std::uint32_t by_count = attempts > 0 ? attempts - 1 : 0;
  return jittered(step_wait(schedule, steps_within(schedule, age, by_count)), random);
}

bool has_expired(const Standing& standing) {
  return standing.now >= standing.expires_at &&
         (standing.is_strict || standing.attempts >= kAttemptsBeforeExpiry);
}

Verdict judge(const Outcome& outcome, const Standing& standing, const config::Queue& settings,
              double random) {
  using Step = Verdict::Step;
  switch (outcome.kind) {
    case Outcome::Kind::delivered:
      return {Step::sent, standing.now};
    case Outcome::Kind::uncertain:
      return {Step::ask, standing.now};
    case Outcome::Kind::rejected:
    case Outcome::Kind::deferred:
      break;
  }
  if (outcome.left_out) return {Step::next_call, standing.now};
  if (outcome.split && standing.in_company) return {Step::split, standing.now};
  const bool leaves = may_leave(outcome, standing, settings);
  if (leaves && standing.another_way) return {Step::next_way, standing.now};
  const bool twice = outcome.fail_over == FailOver::once && standing.refused_in_cycle;
  if (outcome.kind == Outcome::Kind::rejected && (twice || !standing.deferred_in_cycle) &&
      !(leaves && standing.another_way_later))
    return {Step::failed, standing.now};
  if (has_expired(standing)) return {Step::expired, standing.now};
  if (leaves && standing.another_way_later && !standing.deferred_in_cycle)
    return {Step::await_way, standing.now};
  Time at = next_time(outcome, standing, settings, random);
  // One last attempt when the time is up, rather than an end without one.
  if (standing.now < standing.expires_at) at = std::min(at, standing.expires_at);
  return {Step::wait, at};
}

}  // namespace postern::delivery

#include "delivery/reconcile.hpp"

#include <array>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
constexpr std::array<Duration, 5> kAskAfter{15s, 60s, 5min, 15min, 30min};
// An answer takes a moment; the next question is never sooner than this.
constexpr Duration kShortestPause = 5s;

}  // namespace

Time first_look(config::OnUncertain policy, Time uncertain_since) {
  return policy == config::OnUncertain::wait ? uncertain_since + kAskAfter.front()
                                             : uncertain_since;
}

Resolution look(config::OnUncertain policy, Time now) {
  switch (policy) {
    case config::OnUncertain::wait:
      return {Resolution::Step::ask, now};
    case config::OnUncertain::resend:
      return {Resolution::Step::resend, now};
    case config::OnUncertain::failover:
      return {Resolution::Step::fail_over, now};
  }
  return {Resolution::Step::ask, now};
}

Resolution reconcile(transports::Answer::Kind answer, Time uncertain_since, Time now) {
  using transports::Answer;
  switch (answer) {
    case Answer::Kind::accepted:
      return {Resolution::Step::sent, now};
    case Answer::Kind::refused:
      return {Resolution::Step::failed, now};
    case Answer::Kind::not_sent:
      return {Resolution::Step::not_sent, now};
    case Answer::Kind::unable:
      return {Resolution::Step::resend, now};
    case Answer::Kind::unknown:
      break;
  }
  if (now >= uncertain_since + kAskAfter.back()) return {Resolution::Step::resend, now};
  for (const Duration after : kAskAfter)
    if (uncertain_since + after > now + kShortestPause)
      return {Resolution::Step::ask, uncertain_since + after};
  return {Resolution::Step::ask, now + kShortestPause};
}

}  // namespace postern::delivery

#include "delivery/wishes.hpp"

#include <algorithm>

#include "delivery/bounce.hpp"

namespace postern::delivery {

std::optional<Time> held_until(const Message& message, Time now) {
  const Options* const options = message.envelope.options.get();
  if (!options || !options->hold_until || *options->hold_until <= now) return std::nullopt;
  return options->hold_until;
}

bool returns_when_late(const Message& message) {
  const Options* const options = message.envelope.options.get();
  return options && options->deliver_by && options->deliver_by->or_return;
}

bool is_overdue(const Message& message, Time now) {
  return returns_when_late(message) && now >= message.envelope.options->deliver_by->at;
}

void heed_options(const Message& message, const config::Queue& settings, Time now,
                  std::vector<queue::Start>& starts) {
  const Time ready_at = held_until(message, now).value_or(now);
  const std::optional<DeliverBy>& by = message.envelope.options->deliver_by;
  for (std::uint32_t i = 0; i < starts.size(); ++i) {
    queue::Start& start = starts[i];
    start.expires_at = ready_at + settings.expire_after;
    if (by && by->or_return) start.expires_at = std::min(start.expires_at, by->at);
    if (!wants_report(message, i, mail::Action::delayed)) continue;
    const std::optional<Notify>& notify = message.envelope.options_of(i).notify;
    if (notify && notify->delay) start.notice_at = ready_at + settings.delay_notice;
    if (by && !by->or_return) start.notice_at = std::min(start.notice_at.value_or(by->at), by->at);
  }
}

}  // namespace postern::delivery

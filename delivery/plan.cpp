#include "delivery/plan.hpp"

#include <algorithm>

namespace postern::delivery {

std::vector<queue::Start> plan(Ways& ways, const queue::Reader& reader, const Message& message,
                               Time now) {
  std::vector<queue::Start> starts = ways.admit(message, now);
  const DeliveryState state = starts.front().state;
  if (state != DeliveryState::active && state != DeliveryState::queued) return starts;
  if (std::ranges::none_of(message.envelope.recipients, [&](const std::string& recipient) {
        return reader.may_be_suppressed(recipient);
      }))
    return starts;
  if (state == DeliveryState::active) ways.release(*ways.find(starts.front().transport));
  for (queue::Start& start : starts) {
    start.state = DeliveryState::queued;
    start.transport.clear();
    start.next_attempt_at = now;  // the sender is to hear at once, even while every way is shut
  }
  return starts;
}

}  // namespace postern::delivery

#include "admin/metrics_page.hpp"

#include <prometheus/text_serializer.h>

#include <array>

#include "core/log.hpp"

namespace postern::admin {
namespace {

constexpr std::array kUnfinished{DeliveryState::queued, DeliveryState::active,
                                 DeliveryState::deferred, DeliveryState::uncertain,
                                 DeliveryState::held};

double age_seconds(Time oldest, Time now) {
  return oldest < now ? std::chrono::duration<double>(now - oldest).count() : 0;
}

}  // namespace

MetricsPage::MetricsPage(queue::Reader& reader, Metrics& metrics, const Clock& clock)
    : reader_(reader), metrics_(metrics), clock_(clock) {}

std::string MetricsPage::text() {
  {
    const std::lock_guard lock(mutex_);
    refresh();
  }
  return prometheus::TextSerializer().Serialize(metrics_.registry.Collect());
}

void MetricsPage::refresh() {
  const Tick tick = clock_.tick();
  if (refreshed_ && tick - *refreshed_ < kFresh) return;
  const auto counts = reader_.counts();
  const Time now = clock_.now();
  for (const Channel channel : {Channel::mail, Channel::webhook}) {
    const std::string name(to_string(channel));
    double oldest = 0;
    // Also those that are zero now: a series that vanishes keeps its last value for whoever
    // watches.
    for (const DeliveryState state : kUnfinished) {
      double deliveries = 0;
      for (const auto& count : counts) {
        if (count.channel != channel || count.state != state) continue;
        deliveries += static_cast<double>(count.deliveries);
        oldest = std::max(oldest, age_seconds(count.oldest, now));
      }
      metrics_.queue_deliveries.Add({{"channel", name}, {"state", std::string(to_string(state))}})
          .Set(deliveries);
    }
    metrics_.queue_oldest_seconds.Add({{"channel", name}}).Set(oldest);
  }
  metrics_.queue_bytes.Set(static_cast<double>(reader_.used_bytes()));
  metrics_.log_lines_dropped.Set(static_cast<double>(log::dropped()));
  refreshed_ = tick;
}

}  // namespace postern::admin

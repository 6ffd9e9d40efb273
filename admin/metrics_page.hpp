#pragma once
// /metrics: the gauges of the queue are read from the store when somebody scrapes, at most once a
// second however many scrape. Called by Api on its own threads; thread-safe. Throws on a broken
// store.
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/clock.hpp"
#include "core/metrics.hpp"
#include "queue/store.hpp"

namespace postern::admin {

class MetricsPage {
 public:
  static constexpr Duration kFresh = std::chrono::seconds{1};

  MetricsPage(queue::Reader& reader, Metrics& metrics, const Clock& clock);
  /// Prometheus text exposition format 0.0.4.
  std::string text();

 private:
  void refresh();

  queue::Reader& reader_;
  Metrics& metrics_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<Tick> refreshed_;
};

}  // namespace postern::admin

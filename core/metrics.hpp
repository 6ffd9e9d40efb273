#pragma once
// Metrics: the names of the interface, over prometheus-cpp. One object, owned by app/, handed by
// reference. Thread-safe. Callers keep the Counter& they use often: looking up labels costs.
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <string>

namespace postern {

class Metrics {
 public:
  Metrics();

  prometheus::Registry registry;

  prometheus::Gauge& smtp_connections;
  prometheus::Family<prometheus::Counter>& smtp_messages;  // {result}
  prometheus::Counter& smtp_accepted;                      // result="accepted"
  prometheus::Family<prometheus::Counter>& smtp_sign_ins;  // {result}: accepted, refused
  prometheus::Histogram& accept_seconds;                   // end of DATA to 250
  prometheus::Histogram& commit_seconds;
  prometheus::Histogram& commit_batch;
  prometheus::Family<prometheus::Gauge>& queue_deliveries;      // {channel,state}
  prometheus::Family<prometheus::Gauge>& queue_oldest_seconds;  // {channel}
  prometheus::Gauge& queue_bytes;
  prometheus::Family<prometheus::Counter>& attempts;           // {transport,outcome}
  prometheus::Family<prometheus::Histogram>& attempt_seconds;  // {transport}
  prometheus::Family<prometheus::Gauge>&
      breaker_state;  // {transport,domain}: 0 closed, 1 half-open, 2 open
  prometheus::Family<prometheus::Counter>& failovers;  // {from,to,reason}
  prometheus::Family<prometheus::Counter>& uncertain;  // {transport,resolution}
  prometheus::Counter& possible_duplicates;
  prometheus::Family<prometheus::Counter>& suppressed;  // {source}
  prometheus::Gauge& log_lines_dropped;

  /// Buckets in seconds for attempt_seconds.
  static const prometheus::Histogram::BucketBoundaries& latency_buckets();
};

inline double to_seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace postern

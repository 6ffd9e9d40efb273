#include "core/metrics.hpp"

namespace postern {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

auto& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}
auto& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry);
}
auto& histogram(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

const prometheus::Histogram::BucketBoundaries& Metrics::latency_buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return kBuckets;
}

Metrics::Metrics()
    : smtp_connections(
          gauge(registry, "postern_smtp_connections", "Open SMTP connections.").Add({})),
      smtp_messages(counter(registry, "postern_smtp_messages_total",
                            "Messages offered, by what became of them.")),
      smtp_accepted(smtp_messages.Add({{"result", "accepted"}})),
      smtp_sign_ins(counter(registry, "postern_smtp_sign_ins_total",
                            "Clients that sent a user name and password.")),
      accept_seconds(histogram(registry, "postern_accept_seconds", "End of DATA to the 250.")
                         .Add({}, latency_buckets())),
      commit_seconds(histogram(registry, "postern_commit_seconds", "One group commit.")
                         .Add({}, latency_buckets())),
      commit_batch(histogram(registry, "postern_commit_batch", "Changes in one group commit.")
                       .Add({}, prometheus::Histogram::BucketBoundaries{1, 2, 5, 10, 20, 50, 100,
                                                                        200, 500, 1000})),
      queue_deliveries(
          gauge(registry, "postern_queue_deliveries", "Deliveries not yet final, by state.")),
      queue_oldest_seconds(
          gauge(registry, "postern_queue_oldest_seconds", "Age of the oldest waiting delivery.")),
      queue_bytes(
          gauge(registry, "postern_queue_bytes", "Bytes the queue occupies on disk.").Add({})),
      attempts(counter(registry, "postern_attempts_total", "Delivery attempts per recipient.")),
      attempt_seconds(histogram(registry, "postern_attempt_seconds", "Duration of attempts.")),
      breaker_state(gauge(registry, "postern_breaker_state", "0 closed, 1 half-open, 2 open.")),
      failovers(counter(registry, "postern_failovers_total",
                        "Deliveries that left their transport for another.")),
      uncertain(counter(registry, "postern_uncertain_total",
                        "Uncertain deliveries, by how they were settled.")),
      possible_duplicates(
          counter(registry, "postern_possible_duplicates_total",
                  "Deliveries sent again although an earlier attempt may have arrived.")
              .Add({})),
      suppressed(counter(registry, "postern_suppressed_total",
                         "Recipients not mailed for an entry of the suppression list.")),
      log_lines_dropped(
          gauge(registry, "postern_log_lines_dropped", "Log lines lost to a slow standard error.")
              .Add({})) {}

}  // namespace postern

#include "delivery/lane.hpp"

namespace postern::delivery {
namespace {

prometheus::Counter* counter(Metrics& metrics, const std::string& transport, Outcome::Kind kind) {
  return &metrics.attempts.Add(
      {{"transport", transport}, {"outcome", std::string(to_string(kind))}});
}

}  // namespace

Lane::Lane(TransportIndex its_number, std::string its_name, Metrics& metrics)
    : number(its_number),
      name(std::move(its_name)),
      attempts{counter(metrics, name, Outcome::Kind::delivered),
               counter(metrics, name, Outcome::Kind::deferred),
               counter(metrics, name, Outcome::Kind::rejected),
               counter(metrics, name, Outcome::Kind::uncertain)},
      seconds(metrics.attempt_seconds.Add({{"transport", name}}, Metrics::latency_buckets())) {}

}  // namespace postern::delivery

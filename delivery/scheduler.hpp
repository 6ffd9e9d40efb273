#pragma once
// The scheduler: a single-threaded actor that moves deliveries from "accepted" to an end. It alone
// decides what is tried when, through which transport (route, breaker, throttle), and what follows
// from an Outcome (retry, fail-over, uncertain, bounce).
//
// Memory is bounded: ready messages up to queue.memory_messages and memory_bytes; what is above
// stays in the store and is read when there is room. Deferred work is only in the store; a timer
// wakes for it. Stale copies are harmless: StartAttempt with an old token is refused.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/metrics.hpp"
#include "delivery/control.hpp"
#include "queue/committer.hpp"
#include "transports/registry.hpp"

namespace postern::delivery {

class Scheduler final : public queue::Intake, public Control {
 public:
  using Transports = std::vector<std::unique_ptr<transports::Transport>>;
  /// `config` must name exactly the transports given. Everything outlives the scheduler.
  Scheduler(std::shared_ptr<const config::Config> config, Transports transports,
            queue::Committer& committer, const Clock& clock, Metrics& metrics);
  ~Scheduler() override;

  /// Restores breakers, loads what is due and starts its thread.
  void start();
  /// No new attempts; those under way may finish until `deadline`; then returns.
  void stop(Tick deadline);
  /// From a reload. Work under way ends with the transports it began with.
  void reconfigure(std::shared_ptr<const config::Config> config, Transports transports);

  // queue::Intake, on the committer's thread
  std::vector<queue::Start> plan(const Message& message, Time now) override;
  void accepted(std::shared_ptr<const Message> message, std::vector<Delivery> deliveries,
                std::shared_ptr<const Content> content) override;
  void refused(const Message& message, const std::vector<queue::Start>& starts) override;

  // Control
  void steer(queue::Steer verb, std::function<void(Steered)> done) override;
  void transports(std::function<void(std::vector<TransportView>)> done) override;
  void suspend(std::string transport, std::string domain, Duration for_how_long, std::string reason,
               std::function<void(bool)> done) override;
  void resume(std::string transport, std::string domain, std::function<void(bool)> done) override;
  void change(std::vector<queue::Change> changes, std::function<void(Changed)> done) override;
  void read_suppressions(std::string transport, SuppressionQuery query,
                         std::function<void(Result<SuppressionPage>)> done) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::delivery

#pragma once
// The scheduler's mind: events in, commands out, the time an argument. It owns every delivery that
// is in memory and decides what is tried when, and what follows. No threads and no timers: the
// Scheduler feeds it and carries out its commands; tests drive it with a clock of their own.
//
// One thread (the scheduler's). It reads the store through Reader; a broken store is waited for,
// with nothing new begun and nothing forgotten meanwhile.
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "core/metrics.hpp"
#include "delivery/attempt.hpp"
#include "delivery/bounce.hpp"
#include "delivery/control.hpp"
#include "delivery/lane.hpp"
#include "delivery/ledger.hpp"
#include "delivery/reconcile.hpp"
#include "delivery/retry.hpp"
#include "delivery/ways.hpp"
#include "queue/store.hpp"
#include "transports/transport.hpp"

namespace postern::delivery {

/// What the engine wants done, in this order of fields. Answers come back as events.
struct Commands {
  struct Submission {
    BatchId batch = 0;
    std::vector<queue::Change> changes;  // one transaction; answer: applied()
  };
  struct Call {
    FlightId flight = 0;
    std::shared_ptr<transports::Transport> transport;
    transports::Parcel parcel;  // answer: reported()
  };
  struct Question {
    std::uint64_t id = 0;
    std::shared_ptr<transports::Transport> transport;
    transports::Inquiry inquiry;  // answer: answered()
  };
  std::vector<Submission> submissions;
  std::vector<Call> calls;
  std::vector<Question> questions;
  bool empty() const { return submissions.empty() && calls.empty() && questions.empty(); }
};

class Engine {
 public:
  using Transports = std::vector<std::shared_ptr<transports::Transport>>;
  using Reports = std::vector<Outcome>;
  using Results = std::variant<std::vector<queue::Applied>, queue::StorageFault>;

  /// References outlive the engine. `seed`: for jitter.
  Engine(Ways& ways, queue::Reader& reader, NumberSource& numbers, Metrics& metrics,
         std::uint64_t seed);
  ~Engine();

  /// At start, and after a reload. Work under way ends with the transports it began with.
  void configure(std::shared_ptr<const config::Config> config, Transports transports, Time now);
  /// Breakers as they were before the restart. After configure().
  void restore(Time now);

  // Events
  void accepted(std::shared_ptr<const Message> message, const std::vector<Delivery>& deliveries,
                std::shared_ptr<const Content> content, Time now);
  void applied(BatchId batch, Results results, Time now);
  /// `took`: how long the transport had it.
  void reported(FlightId flight, Reports outcomes, Tick::duration took, Time now);
  void answered(std::uint64_t question, const transports::Answer& answer, Time now);
  /// What the provider of `transport` says of the account; of one that is gone nothing counts.
  void heard(const std::shared_ptr<transports::Transport>& transport,
             const transports::Account& account, Time now);
  /// No new attempts from now on; those committed but not handed over are called off.
  void stop(Time now);

  // Operators
  void steer(queue::Steer verb, std::function<void(Steered)> done, Time now);
  /// At the very end: tells those who still wait for a verb how far it came.
  void dismiss_operators();
  bool suspend(const std::string& transport, const std::string& domain, Duration how_long,
               std::string reason, Time now);
  bool resume(const std::string& transport, const std::string& domain, Time now);
  std::vector<TransportView> views(Time now) const;

  /// Starts and reads what can be started and read at `now`, and gives out everything there is to
  /// do. Call after every round of events, and when next_wake() has come.
  Commands take(Time now);
  std::optional<Time> next_wake(Time now) const;
  /// Nothing is under way and everything that happened is recorded.
  bool is_idle() const;

 private:
  /// Where the attempts of one flight lead, gathered recipient by recipient.
  struct Settlement;
  /// Recipients of one message that were given up. Their records wait for those still being tried,
  /// so that one report names all; record and report are one transaction.
  struct GivenUp {
    std::shared_ptr<const Message> message;
    std::shared_ptr<const Content> content;  // not kept while it waits
    std::vector<queue::Record> records;
    std::vector<News> failed;
    Time until{};  // not longer than this
  };
  /// An uncertain delivery that is being asked about.
  struct Doubt {
    std::shared_ptr<const Message> message;
    Delivery delivery;
    Time since{};     // when it became uncertain
    Duration took{};  // the attempt, as far as known
  };
  struct Steering {
    queue::Steer verb;
    std::function<void(Steered)> done;
    queue::Applied total;
    unsigned faults = 0;  // of the store, at its present step
  };

  // engine.cpp: jobs and their queues
  void dispose(std::unique_ptr<Job> job, Time now);
  void park(std::unique_ptr<Job> job, Time until, const std::string& reason, Time now);
  void hold(std::unique_ptr<Job> job, const std::string& reason, Time now);
  void enqueue(std::unique_ptr<Job> job, Lane& lane);
  void reroute(Lane& lane, Time now);
  void forget(const Job& job, std::optional<Time> due = std::nullopt);
  void release(Batch::Released delivery);
  void change(queue::Change change, Tag tag = {});
  void flush();

  // pump.cpp: the start of attempts
  void pump(Time now);
  void pump_lane(Lane& lane, Time now);
  enum class Pumped { started, full, none };
  Pumped start_one(Lane& lane, Turns& turns, Time now);
  void start(std::unique_ptr<Job> job, Lane& lane, const Ticket& ticket, Time now);
  bool load_content(Job& job, Time now);
  void note_fail_over(const Job& job, const Lane& lane, Time now);
  void started(FlightId id, const queue::Applied* results, Time now);
  void dispatch(Lane& lane, Time now);
  void call_off(FlightId id, const std::string& why, Time now);

  // settle.cpp: what follows from outcomes
  void settle(const Flight& flight, const Reports& outcomes, Duration took, Time now);
  void settle_one(Settlement& settlement, Copy copy, const Outcome& outcome);
  void finish(Settlement& settlement, const Copy& copy, const Outcome& outcome,
              DeliveryState state);
  void go_on(Settlement& settlement, Copy copy, const Outcome& outcome, const Verdict& verdict);

  // given_up.cpp: ends without delivery, and reports
  void give_up(const Job& job, DeliveryState state, const std::string& reason, Time now);
  GivenUp& giving_up(const Job& job, Time now);
  void gather_failed(Settlement& settlement);
  bool is_worked_on(const Message& message) const;
  void conclude_given_up(Time now);
  void report(const Message& message, const std::shared_ptr<const Content>& content,
              mail::Action action, std::vector<News> news, Time now);

  // openings.cpp: breakers
  void breakers_changed(const BreakerChanges& changes, Time now);
  void call_off_shut(Lane& lane, Time now);
  void set_gauge(TransportIndex transport, std::optional<DomainIndex> domain, BreakerState state);

  // refill.cpp: reading the store; uncertain deliveries
  void refill(Time now);
  void load(const queue::Stored& stored, Time now);
  void inquire(const std::shared_ptr<const Message>& message, const Delivery& delivery, Time now);
  void resolve(const Doubt& doubt, const Resolution& resolution, const transports::Answer& answer,
               Time now);
  void not_arrived(const Doubt& doubt, const Resolution& resolution,
                   const transports::Answer& answer, Time now);
  std::unique_ptr<Job> job_of(const Doubt& doubt);
  void send_again(const Doubt& doubt, const Resolution& resolution, Time now);
  void note_due(Time at);
  /// What waits in memory of one sender domain's stored mail.
  struct ReadOf {
    std::size_t waiting = 0;
    bool has_more = false;  // in the store, as far as known
  };
  ReadOf& read_of(DomainIndex domain);
  std::size_t fair_share() const;
  std::size_t most_from_store() const;
  std::uint32_t room_for(DomainIndex domain);
  void note_more_of(DomainIndex domain);
  void entered_queue(const Job& job);
  void left_queue(const Job& job);

  // suppressed.cpp: recipients on the suppression list
  bool sift(Job& job, Time now);
  void refuse_suppressed(const Job& job, const Copy& copy, const Suppression& entry, Time now);
  void note_suppression(const Message& message, std::uint32_t index, const Outcome& outcome,
                        const std::string& transport, Time now);

  // operate.cpp: steering, the store's faults
  void step(std::uint64_t id, Time now);
  void steered(std::uint64_t id, const queue::Applied& result, Time now);
  void wake_parked(const std::string& sender_domain, Time now);
  void tell_operators(const Batch& batch, const queue::StorageFault& fault);
  void store_failed(const std::string& what, Time now);
  void resubmit(Time now);
  bool was_committed(const Batch& batch);
  void digest(const Batch& batch, const std::vector<queue::Applied>& results, Time now);

  // What the configuration says of a sender's domain.
  config::OnUncertain policy_of(const std::string& sender_domain) const;
  std::string provider_domain(const std::string& sender_domain) const;
  std::string ehlo_name(const std::string& sender_domain) const;
  double random() { return std::uniform_real_distribution<>(0, 1)(random_); }

  Ways& ways_;
  queue::Reader& reader_;
  NumberSource& numbers_;
  Metrics& metrics_;
  std::mt19937_64 random_;
  std::shared_ptr<const config::Config> config_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // by transport number

  Held held_;  // which deliveries are in memory
  std::unordered_map<FlightId, Flight> flights_;
  FlightId last_flight_ = 0;
  std::size_t ready_ = 0;             // jobs in the lanes' queues
  std::size_t ready_from_store_ = 0;  // those of them that were read
  std::vector<ReadOf> read_;          // the same by sender domain
  std::size_t read_domains_ = 0;      // domains with some of them
  std::uint64_t content_bytes_ = 0;   // of ready jobs

  Commands out_;
  Batch gathered_;
  BatchId last_batch_ = 0;
  std::unordered_map<BatchId, Batch> submitted_;
  std::vector<BatchId> stuck_;  // answered with a fault
  bool store_broken_ = false;
  Time store_retry_at_{};
  Duration store_pause_{};

  std::unordered_map<MessageNo, GivenUp> given_up_;

  std::unordered_map<std::uint64_t, Doubt> doubts_;
  std::uint64_t last_question_ = 0;

  std::unordered_map<std::uint64_t, Steering> steerings_;
  std::uint64_t last_steering_ = 0;

  bool more_in_store_ = true;              // something due may be there that is not in memory
  std::optional<Time> next_due_;           // when something becomes due
  Time next_read_{};                       // not earlier than this
  std::optional<std::string> read_after_;  // the sender domain where the last read ended
  std::optional<Time> throttled_until_;
  std::optional<Time> next_opening_;  // of a breaker
  bool stopping_ = false;
};

}  // namespace postern::delivery

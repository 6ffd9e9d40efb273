#include "delivery/scheduler.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/crypto.hpp"
#include "core/log.hpp"
#include "core/thread_name.hpp"
#include "delivery/engine.hpp"
#include "delivery/plan.hpp"
#include "delivery/steady_time.hpp"

namespace postern::delivery {
namespace {

using Event = std::function<void(Engine&, Time)>;

// Under load the scheduler makes a round when this time has passed since the last one or so many
// events wait. Waking it for each costs acceptance a quarter of its rate at ten connections; the
// first event after a pause never waits.
constexpr auto kRound = std::chrono::milliseconds(3);
constexpr std::size_t kManyEvents = 32;

/// Where other threads leave what happened. Outlives the scheduler as long as a transport or the
/// committer may still answer.
class Inbox {
 public:
  /// False: the scheduler has stopped; the event is dropped.
  bool post(Event event) {
    std::size_t waiting = 0;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      events_.push_back(std::move(event));
      waiting = events_.size();
    }
    if (waiting == 1 || waiting == kManyEvents) wake_.notify_one();
    return true;
  }

  /// Waits until something happened or `until` has come; empty: for ever. What happens soon after
  /// the last round is gathered first: see kRound.
  void wait(std::vector<Event>& events, std::optional<Tick> until) {
    std::unique_lock lock(mutex_);
    const auto happened = [this] { return !events_.empty(); };
    if (until)
      wake_.wait_until(lock, *until, happened);
    else
      wake_.wait(lock, happened);
    if (happened())
      wake_.wait_until(lock, last_round_ + kRound,
                       [this] { return events_.size() >= kManyEvents; });
    last_round_ = std::chrono::steady_clock::now();
    events.swap(events_);
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    events_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Event> events_;
  Tick last_round_{};
  bool closed_ = false;
};

// How long a transport that a reload replaced is kept after its last call: its own threads may
// still be on their way out of it.
constexpr auto kKeepRetired = std::chrono::minutes(10);

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  for (const char c : crypto::random_bytes(sizeof seed))
    seed = seed << 8 | static_cast<unsigned char>(c);
  return seed;
}

Engine::Transports shared(Scheduler::Transports transports) {
  return {std::make_move_iterator(transports.begin()), std::make_move_iterator(transports.end())};
}

}  // namespace

struct Scheduler::Impl {
  Impl(queue::Committer& its_committer, const Clock& its_clock, Metrics& metrics)
      : committer(its_committer),
        clock(its_clock),
        time(its_clock),
        engine(ways, its_committer.reader(), its_committer.numbers(), metrics, random_seed()) {}

  void run();
  void execute(Commands commands);
  void call(Commands::Call call);
  std::optional<Tick> next_tick();
  void retire(const Engine::Transports& old);
  void watch_accounts();

  queue::Committer& committer;
  const Clock& clock;
  SteadyTime time;
  Ways ways;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::thread thread;

  // The scheduler's thread only, once it runs.
  Engine::Transports transports;
  struct Retired {
    Tick since;
    std::shared_ptr<transports::Transport> transport;
  };
  std::vector<Retired> retired;
  std::optional<Tick> deadline;  // stopping
  Engine engine;
};

void Scheduler::Impl::run() {
  name_this_thread("scheduler");
  std::vector<Event> events;
  for (;;) {
    execute(engine.take(time.now()));
    if (deadline && (engine.is_idle() || clock.tick() >= *deadline)) return;
    inbox->wait(events, next_tick());
    const Time now = time.now();
    for (Event& event : events) event(engine, now);
    events.clear();
  }
}

std::optional<Tick> Scheduler::Impl::next_tick() {
  const Time now = time.now();
  std::optional<Tick> tick = deadline;
  if (const auto wake = engine.next_wake(now)) {
    const Tick at = clock.tick() + std::max(*wake - now, Duration(1));
    tick = std::min(tick.value_or(at), at);
  }
  return tick;
}

void Scheduler::Impl::execute(Commands commands) {
  for (Commands::Submission& submission : commands.submissions)
    committer.apply(std::move(submission.changes),
                    [to = inbox, batch = submission.batch](Engine::Results results) {
                      to->post([batch, results = std::move(results)](Engine& mind, Time now) {
                        mind.applied(batch, results, now);
                      });
                    });
  for (Commands::Call& one : commands.calls) call(std::move(one));
  for (Commands::Question& question : commands.questions) {
    const auto answered = [to = inbox, id = question.id](const transports::Answer& answer) {
      to->post([id, answer](Engine& mind, Time now) { mind.answered(id, answer, now); });
    };
    question.transport->look_up(std::move(question.inquiry), answered);
  }
}

void Scheduler::Impl::call(Commands::Call call) {
  const Tick began = clock.tick();
  const auto report = [to = inbox, &ticks = clock, flight = call.flight,
                       began](transports::Report outcomes) {
    const Tick::duration took = ticks.tick() - began;
    to->post([flight, took, outcomes = std::move(outcomes)](Engine& mind, Time now) {
      mind.reported(flight, outcomes, took, now);
    });
  };
  const std::size_t recipients = call.parcel.recipients.size();
  try {
    call.transport->deliver(std::move(call.parcel), report);
  } catch (const std::exception& error) {
    // A defect of the transport; how far it came is unknown.
    log::event(log::Level::error, {}, "transport-defect",
               {{"transport", call.transport->name()}, {"reason", error.what()}});
    report(transports::Report(recipients, Outcome::uncertain(error.what())));
  }
}

void Scheduler::Impl::retire(const Engine::Transports& old) {
  const Tick now = clock.tick();
  std::erase_if(retired, [now](const Retired& one) {
    return one.transport.use_count() == 1 && now - one.since > kKeepRetired;
  });
  for (const auto& transport : old) {
    transport->close();
    retired.push_back({now, transport});
  }
}

void Scheduler::Impl::watch_accounts() {
  for (const auto& transport : transports) {
    const auto said = [to = inbox,
                       weak = std::weak_ptr(transport)](const transports::Account& account) {
      to->post([weak, account](Engine& mind, Time now) {
        if (const auto living = weak.lock()) mind.heard(living, account, now);
      });
    };
    transport->watch_account(said);
  }
}

Scheduler::Scheduler(std::shared_ptr<const config::Config> config, Transports transports,
                     queue::Committer& committer, const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(committer, clock, metrics)) {
  impl_->transports = shared(std::move(transports));
  impl_->engine.configure(std::move(config), impl_->transports, impl_->time.now());
}

Scheduler::~Scheduler() {
  stop(impl_->clock.tick());
}

void Scheduler::start() {
  impl_->engine.restore(impl_->time.now());
  impl_->thread = std::thread([this] { impl_->run(); });
  impl_->watch_accounts();
}

void Scheduler::stop(Tick deadline) {
  if (!impl_->thread.joinable()) return;
  impl_->inbox->post([this, deadline](Engine& engine, Time now) {
    impl_->deadline = deadline;
    engine.stop(now);
  });
  impl_->thread.join();
  impl_->inbox->close();
  impl_->engine.dismiss_operators();
  for (const auto& transport : impl_->transports) transport->close();
}

void Scheduler::reconfigure(std::shared_ptr<const config::Config> config, Transports transports) {
  impl_->inbox->post([this, config = std::move(config), fresh = shared(std::move(transports))](
                         Engine& engine, Time now) {
    engine.configure(config, fresh, now);
    impl_->retire(std::exchange(impl_->transports, fresh));
    impl_->watch_accounts();
  });
}

std::vector<queue::Start> Scheduler::plan(const Message& message, Time) {
  // Not the wall clock's time: it may have jumped since, and then so would expiry.
  return delivery::plan(impl_->ways, impl_->committer.reader(), message, impl_->time.now());
}

void Scheduler::accepted(std::shared_ptr<const Message> message, std::vector<Delivery> deliveries,
                         std::shared_ptr<const Content> content) {
  impl_->inbox->post([message = std::move(message), deliveries = std::move(deliveries),
                      content = std::move(content)](Engine& engine, Time now) {
    engine.accepted(message, deliveries, content, now);
  });
}

void Scheduler::refused(const Message&, const std::vector<queue::Start>& starts) {
  if (starts.front().state != DeliveryState::active) return;
  impl_->ways.release(*impl_->ways.find(starts.front().transport));
}

void Scheduler::steer(queue::Steer verb, std::function<void(Steered)> done) {
  const bool posted = impl_->inbox->post(
      [verb = std::move(verb), done](Engine& engine, Time now) { engine.steer(verb, done, now); });
  if (!posted) done(queue::Applied{});
}

void Scheduler::transports(std::function<void(std::vector<TransportView>)> done) {
  const bool posted =
      impl_->inbox->post([done](Engine& engine, Time now) { done(engine.views(now)); });
  if (!posted) done({});
}

void Scheduler::suspend(std::string transport, std::string domain, Duration for_how_long,
                        std::string reason, std::function<void(bool)> done) {
  const bool posted = impl_->inbox->post(
      [transport = std::move(transport), domain = std::move(domain), for_how_long,
       reason = std::move(reason), done](Engine& engine, Time now) {
        done(engine.suspend(transport, domain, for_how_long, reason, now));
      });
  if (!posted) done(false);
}

void Scheduler::resume(std::string transport, std::string domain, std::function<void(bool)> done) {
  const bool posted = impl_->inbox->post(
      [transport = std::move(transport), domain = std::move(domain), done](
          Engine& engine, Time now) { done(engine.resume(transport, domain, now)); });
  if (!posted) done(false);
}

void Scheduler::change(std::vector<queue::Change> changes, std::function<void(Changed)> done) {
  impl_->committer.apply(std::move(changes), std::move(done));
}

void Scheduler::read_suppressions(std::string transport, SuppressionQuery query,
                                  std::function<void(Result<SuppressionPage>)> done) {
  const bool posted = impl_->inbox->post(
      [this, transport = std::move(transport), query = std::move(query), done](Engine&, Time) {
        for (const auto& one : impl_->transports)
          if (one->name() == transport) return one->suppressions(query, done);
        done(Error{"There is no transport \"" + transport + "\"."});
      });
  if (!posted) done(Error{"The daemon is stopping."});
}

}  // namespace postern::delivery

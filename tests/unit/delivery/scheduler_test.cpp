// The scheduler on its threads: the real committer and store, transports that answer from threads
// of their own. Run under TSan.
#include "delivery/scheduler.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <thread>

#include "queue/sqlite_store.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

/// Answers on its own thread, as real transports do.
class ThreadedTransport final : public transports::Transport {
 public:
  explicit ThreadedTransport(std::string name) : name_(std::move(name)) {
    thread_ = std::thread([this] { run(); });
  }
  ~ThreadedTransport() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "threaded"; }
  transports::Abilities abilities() const override {
    return {.max_message_bytes = 0, .max_recipients = 100, .concurrency = 8};
  }
  void deliver(transports::Parcel parcel, transports::Done done) override {
    {
      const std::lock_guard lock(mutex_);
      calls_.emplace_back(std::move(parcel), std::move(done));
    }
    wake_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return ending_ || !calls_.empty(); });
      if (calls_.empty()) return;
      auto calls = std::exchange(calls_, {});
      lock.unlock();
      for (auto& [parcel, done] : calls)
        done(transports::Report(parcel.recipients.size(), Outcome::delivered("250 ok")));
      lock.lock();
    }
  }

  std::string name_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::pair<transports::Parcel, transports::Done>> calls_;
  bool ending_ = false;
  std::thread thread_;
};

struct SchedulerTest : ::testing::Test {
  SchedulerTest() {
    auto config = std::make_shared<config::Config>();
    config->transports.emplace_back().name = "sink";
    config_ = config;
    committer_ = std::make_unique<queue::Committer>(
        std::make_unique<queue::SqliteStore>(directory_.path() / "queue.db", 1 << 30), clock_,
        metrics_);
    scheduler_ = std::make_unique<Scheduler>(config_, transports(), *committer_, clock_, metrics_);
    committer_->set_intake(scheduler_.get());
    committer_->start();
    scheduler_->start();
  }
  ~SchedulerTest() override {
    scheduler_->stop(clock_.tick() + 5s);
    committer_->stop();
  }

  static Scheduler::Transports transports() {
    Scheduler::Transports made;
    made.push_back(std::make_unique<ThreadedTransport>("sink"));
    return made;
  }
  /// Accepted: its receipt has come.
  std::future<MessageNo> put(const std::string& domain) {
    auto message = std::make_shared<Message>();
    message->no = committer_->numbers().next(clock_.now());
    message->envelope = {.sender = "ann@" + domain, .recipients = {"x@b.example"}};
    message->sender_domain = domain;
    message->chunks = 1;
    message->size_bytes = 4;
    message->accepted_at = clock_.now();
    auto accepted = std::make_shared<std::promise<MessageNo>>();
    committer_->put(message, std::make_shared<std::string>("\r\nhi"), [accepted](auto result) {
      accepted->set_value(std::get<queue::Receipt>(result).no());
    });
    return accepted->get_future();
  }
  double delivered() {
    return metrics_.attempts.Add({{"transport", "sink"}, {"outcome", "delivered"}}).Value();
  }
  std::vector<TransportView> views() {
    std::promise<std::vector<TransportView>> answer;
    scheduler_->transports([&](std::vector<TransportView> views) { answer.set_value(views); });
    return answer.get_future().get();
  }
  bool suspend(const std::string& transport) {
    std::promise<bool> answer;
    scheduler_->suspend(transport, "", 1h, "drill", [&](bool known) { answer.set_value(known); });
    return answer.get_future().get();
  }
  bool resume(const std::string& transport) {
    std::promise<bool> answer;
    scheduler_->resume(transport, "", [&](bool known) { answer.set_value(known); });
    return answer.get_future().get();
  }
  queue::Applied steer(queue::Steer::Verb verb) {
    std::promise<queue::Applied> answer;
    queue::Steer steer;
    steer.verb = verb;
    scheduler_->steer(
        steer, [&](const Steered& result) { answer.set_value(std::get<queue::Applied>(result)); });
    return answer.get_future().get();
  }
  /// Returns when nothing is unfinished any more; every answer of the scheduler is a moment passed.
  bool drained() {
    for (int i = 0; i < 20'000; ++i) {
      views();
      if (committer_->reader().counts().empty()) return true;
    }
    return false;
  }

  testing::TemporaryDirectory directory_;
  SystemClock clock_;
  Metrics metrics_;
  std::shared_ptr<const config::Config> config_;
  std::unique_ptr<queue::Committer> committer_;
  std::unique_ptr<Scheduler> scheduler_;
};

TEST_F(SchedulerTest, DeliversWhatIsPutFromManyThreads) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client)
    clients.emplace_back([this, client] {
      for (int i = 0; i < 100; ++i) put("d" + std::to_string(client) + ".example").get();
    });
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(drained());
  EXPECT_EQ(delivered(), 400);
}

TEST_F(SchedulerTest, OperatorsSuspendAndResume) {
  EXPECT_FALSE(suspend("no such"));
  EXPECT_TRUE(suspend("sink"));
  const MessageNo no = put("a.example").get();
  views();
  EXPECT_EQ(committer_->reader().find(no)->deliveries[0].state, DeliveryState::queued);
  EXPECT_EQ(views().front().breaker, "suspended");
  EXPECT_TRUE(resume("sink"));
  EXPECT_TRUE(drained());
}

TEST_F(SchedulerTest, SteersInSteps) {
  suspend("sink");
  for (int i = 0; i < 5; ++i) put("a.example").get();
  EXPECT_EQ(steer(queue::Steer::Verb::hold).changed, 5U);
  resume("sink");
  EXPECT_EQ(steer(queue::Steer::Verb::release).changed, 5U);
  EXPECT_TRUE(drained());
  EXPECT_EQ(delivered(), 5);
}

TEST_F(SchedulerTest, ReloadsUnderLoad) {
  std::vector<std::future<MessageNo>> accepted;
  for (int i = 0; i < 200; ++i) {
    accepted.push_back(put("a.example"));
    if (i % 20 == 0) scheduler_->reconfigure(config_, transports());
  }
  for (auto& one : accepted) one.get();
  EXPECT_TRUE(drained());
  EXPECT_EQ(delivered(), 200);
}

TEST_F(SchedulerTest, StopUnderLoadLeavesNothingActive) {
  std::vector<std::future<MessageNo>> accepted;
  for (int i = 0; i < 200; ++i) accepted.push_back(put("a.example"));
  accepted.front().get();
  scheduler_->stop(clock_.tick() + 5s);
  for (std::size_t i = 1; i < accepted.size(); ++i) accepted[i].get();
  for (const queue::Count& count : committer_->reader().counts())
    EXPECT_EQ(count.state, DeliveryState::queued) << count.deliveries;
}

TEST_F(SchedulerTest, AnswersOperatorsAfterTheStop) {
  scheduler_->stop(clock_.tick() + 5s);
  EXPECT_FALSE(suspend("sink"));
  EXPECT_TRUE(views().empty());
}

}  // namespace
}  // namespace postern::delivery

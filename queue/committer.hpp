#pragma once
// Group commit: one thread that owns the store's write side. It takes everything waiting, applies
// it in one transaction, syncs once, then answers every waiter. Throughput comes from batching.
// Large bodies are written and synced ahead by a few threads of their own, so that small mail never
// waits for them.
//
// Called by smtpd (put), delivery (attempts, outcomes, breakers) and admin (verbs). Completions run
// on one of these threads: they only post elsewhere. After stop() everything is refused.
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "core/metrics.hpp"
#include "queue/store.hpp"

namespace postern::queue {

/// Decides how new deliveries start, and receives them once they are on disk. Implemented by
/// delivery/. All calls come from the committer's thread.
class Intake {
 public:
  virtual ~Intake() = default;
  /// One Start per recipient. `active` starts reserve a place at the transport until accepted() or
  /// refused() is called for the same message.
  virtual std::vector<Start> plan(const Message& message, Time now) = 0;
  /// Committed. `content` is set when the whole body is still in memory.
  virtual void accepted(std::shared_ptr<const Message> message, std::vector<Delivery> deliveries,
                        std::shared_ptr<const Content> content) = 0;
  /// The commit failed, or it was a duplicate; nothing of it is on disk.
  virtual void refused(const Message& message, const std::vector<Start>& starts) = 0;
};

class Committer {
 public:
  using PutDone = std::function<void(std::variant<Receipt, StorageFault>)>;
  using ChunkDone = std::function<void(std::optional<StorageFault>)>;
  /// One Applied per change, in order; or the fault, and nothing was changed.
  using ApplyDone = std::function<void(std::variant<std::vector<Applied>, StorageFault>)>;

  Committer(std::unique_ptr<Store> store, const Clock& clock, Metrics& metrics);
  ~Committer();

  /// Before start(); may be absent in tests (everything starts `queued`).
  void set_intake(Intake* intake) { intake_ = intake; }
  /// Before start(): settles what a crash left open; see Store::recover.
  std::uint64_t recover(Time now, Time first_ask) { return store_->recover(now, first_ask); }
  /// How long a second submission of the same message is not queued again; zero: it always is.
  /// Thread-safe.
  void set_dedupe_window(Duration window) { dedupe_window_ = window; }
  void start();
  /// Commits what is waiting, then stops. Later calls are answered with a fault.
  void stop();

  /// `last_chunk`: the whole content when it has one piece; earlier pieces came by put_chunk().
  /// The Receipt may be that of an earlier message: this one is a second submission of it.
  void put(std::shared_ptr<const Message> message, std::shared_ptr<const std::string> last_chunk,
           PutDone done);
  /// `done` means: give me the next one (flow control). Durability comes with put().
  void put_chunk(PutChunk chunk, ChunkDone done);
  void drop_body(MessageNo no);
  /// All of them in one transaction.
  void apply(std::vector<Change> changes, ApplyDone done);

  Reader& reader() { return store_->reader(); }
  NumberSource& numbers() { return numbers_; }
  /// Room for so many more bytes of bodies. Thread-safe.
  bool has_room(std::uint64_t more_bytes) const { return store_->has_room(more_bytes); }
  /// The last commit worked: the node may take mail. Thread-safe.
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }

 private:
  struct WaitingPut {
    std::shared_ptr<const Message> message;
    std::shared_ptr<const std::string> content;  // of one piece; else the body is sealed
    PutDone done;
    std::vector<Start> starts;          // filled when applied
    std::optional<StorageFault> fault;  // refused alone; the rest of the batch goes on
    std::optional<MessageNo> duplicate_of;
  };
  struct WaitingChanges {
    std::vector<Change> changes;
    ApplyDone done;
    std::vector<Applied> applied;  // filled when applied
  };
  using Waiting = std::variant<WaitingPut, WaitingChanges>;

  bool enqueue(Waiting waiting);
  static bool is_urgent(const std::vector<Waiting>& batch);
  void run();
  void commit(std::vector<Waiting>& batch);
  void apply_batch(std::vector<Waiting>& batch);
  void apply_put(WaitingPut& put);
  std::optional<StorageFault> write_ahead(const PutChunk& chunk, bool is_last);
  void answer(std::vector<Waiting>& batch);
  void refuse(std::vector<Waiting>& batch, const StorageFault& fault);

  std::unique_ptr<Store> store_;
  const Clock& clock_;
  Metrics& metrics_;
  Intake* intake_ = nullptr;
  NumberSource numbers_;
  std::atomic<bool> healthy_{true};
  std::atomic<bool> refusing_{false};
  std::atomic<Duration> dedupe_window_{Duration::zero()};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiting> waiting_;
  bool stopping_ = true;  // until start()
  std::thread thread_;
  boost::asio::thread_pool bodies_;
};

}  // namespace postern::queue

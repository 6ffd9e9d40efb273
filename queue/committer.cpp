#include "queue/committer.hpp"

#include <boost/asio/post.hpp>
#include <iterator>
#include <utility>

#include "core/thread_name.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;

// They mostly wait for the disk.
constexpr std::size_t kBodyThreads = 4;

// How long outcomes wait for a message (or an attempt's start) to share its commit.
constexpr auto kLinger = 1ms;

const StorageFault kStopped{false, "the queue is stopping"};

}  // namespace

Committer::Committer(std::unique_ptr<Store> store, const Clock& clock, Metrics& metrics)
    : store_(std::move(store)),
      clock_(clock),
      metrics_(metrics),
      numbers_(store_->last_number()),
      bodies_(kBodyThreads) {}

Committer::~Committer() {
  stop();
}

void Committer::start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }
  thread_ = std::thread([this] { run(); });
}

void Committer::stop() {
  refusing_ = true;
  bodies_.join();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool Committer::enqueue(Waiting waiting) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    was_empty = waiting_.empty();
    waiting_.push_back(std::move(waiting));
  }
  // Only an empty list can have a sleeping committer.
  if (was_empty) wake_.notify_one();
  return true;
}

void Committer::put(std::shared_ptr<const Message> message,
                    std::shared_ptr<const std::string> last_chunk, PutDone done) {
  if (refusing_) return done(kStopped);
  if (message->chunks == 1) {
    if (!enqueue(WaitingPut{std::move(message), std::move(last_chunk), done, {}, {}, {}}))
      done(kStopped);
    return;
  }
  boost::asio::post(
      bodies_, [this, message = std::move(message), last_chunk = std::move(last_chunk), done] {
        if (const auto fault = write_ahead({message->no, message->chunks - 1, last_chunk}, true))
          done(*fault);
        else if (!enqueue(WaitingPut{message, nullptr, done, {}, {}, {}}))
          done(kStopped);
      });
}

void Committer::put_chunk(PutChunk chunk, ChunkDone done) {
  if (refusing_) return done(kStopped);
  boost::asio::post(bodies_, [this, chunk = std::move(chunk), done = std::move(done)] {
    done(write_ahead(chunk, false));
  });
}

std::optional<StorageFault> Committer::write_ahead(const PutChunk& chunk, bool is_last) {
  if (!store_->has_room(chunk.bytes->size())) return StorageFault{true, "the queue is full"};
  try {
    if (is_last)
      store_->seal_body(chunk);
    else
      store_->put_chunk(chunk);
  } catch (const StorageError& error) {
    return error.fault();
  }
  return std::nullopt;
}

void Committer::drop_body(MessageNo no) {
  boost::asio::post(bodies_, [this, no] { store_->drop_body(no); });
}

void Committer::apply(std::vector<Change> changes, ApplyDone done) {
  if (!enqueue(WaitingChanges{std::move(changes), done, {}})) done(kStopped);
}

// Nobody waits for an outcome to be written; a commit of its own would only hold up the next put.
bool Committer::is_urgent(const std::vector<Waiting>& batch) {
  for (const Waiting& waiting : batch) {
    const auto* changes = std::get_if<WaitingChanges>(&waiting);
    if (!changes) return true;
    for (const Change& change : changes->changes)
      if (!std::holds_alternative<Record>(change)) return true;
  }
  return false;
}

void Committer::run() {
  name_this_thread("committer");
  std::vector<Waiting> batch;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
      if (waiting_.empty()) return;
      batch.swap(waiting_);
      if (!stopping_ && !is_urgent(batch)) {
        wake_.wait_for(lock, kLinger, [this] { return !waiting_.empty() || stopping_; });
        std::move(waiting_.begin(), waiting_.end(), std::back_inserter(batch));
        waiting_.clear();
      }
    }
    commit(batch);
    batch.clear();
  }
}

void Committer::commit(std::vector<Waiting>& batch) {
  const Tick began = clock_.tick();
  try {
    store_->begin();
    apply_batch(batch);
    store_->commit();
  } catch (const StorageError& error) {
    store_->rollback();
    healthy_ = false;
    refuse(batch, error.fault());
    return;
  }
  healthy_ = true;
  metrics_.commit_seconds.Observe(to_seconds(clock_.tick() - began));
  metrics_.commit_batch.Observe(static_cast<double>(batch.size()));
  answer(batch);
}

void Committer::apply_batch(std::vector<Waiting>& batch) {
  for (Waiting& waiting : batch) {
    if (auto* put = std::get_if<WaitingPut>(&waiting)) {
      apply_put(*put);
    } else {
      auto& changes = std::get<WaitingChanges>(waiting);
      for (const Change& change : changes.changes) changes.applied.push_back(store_->apply(change));
    }
  }
}

void Committer::apply_put(WaitingPut& put) {
  if (put.content && !store_->has_room(put.content->size())) {
    put.fault = StorageFault{true, "the queue is full"};
    return;
  }
  const Time now = clock_.now();
  put.starts = intake_ ? intake_->plan(*put.message, now)
                       : std::vector<Start>(put.message->envelope.recipients.size(),
                                            Start{DeliveryState::queued, {}, {}, now, now + 72h});
  const Duration window = dedupe_window_;
  std::optional<Time> duplicates_since;
  if (window > Duration::zero()) duplicates_since = now - window;
  put.duplicate_of =
      store_->apply(Put{put.message, put.content, put.starts, duplicates_since}).duplicate_of;
  if (!put.duplicate_of) return;
  if (intake_) intake_->refused(*put.message, put.starts);
  put.starts.clear();
}

void Committer::answer(std::vector<Waiting>& batch) {
  for (Waiting& waiting : batch) {
    if (auto* put = std::get_if<WaitingPut>(&waiting)) {
      if (put->fault) {
        put->done(*put->fault);
        continue;
      }
      if (put->duplicate_of) {
        // Before the answer: whoever has it may stop us, and then the file would wait for a start.
        if (put->message->chunks > 1) drop_body(put->message->no);
        put->done(Receipt(*put->duplicate_of));
        continue;
      }
      put->done(Receipt(put->message->no));
      if (!intake_) continue;
      std::vector<Delivery> deliveries(put->starts.size());
      for (std::size_t i = 0; i < deliveries.size(); ++i) {
        const Start& start = put->starts[i];
        deliveries[i].index = static_cast<std::uint32_t>(i);
        deliveries[i].state = start.state;
        deliveries[i].token = 1;
        deliveries[i].transport = start.transport;
        deliveries[i].attempts = start.state == DeliveryState::active ? 1 : 0;
        deliveries[i].next_attempt_at = start.next_attempt_at;
        deliveries[i].expires_at = start.expires_at;
        deliveries[i].reason = start.reason;
        deliveries[i].notice_at = start.notice_at;
      }
      std::shared_ptr<const Content> content;
      if (put->content) content = std::make_shared<MemoryContent>(put->content);
      intake_->accepted(put->message, std::move(deliveries), std::move(content));
    } else if (auto* changes = std::get_if<WaitingChanges>(&waiting)) {
      changes->done(std::move(changes->applied));
    }
  }
}

void Committer::refuse(std::vector<Waiting>& batch, const StorageFault& fault) {
  for (Waiting& waiting : batch) {
    if (auto* put = std::get_if<WaitingPut>(&waiting)) {
      if (intake_ && !put->starts.empty()) intake_->refused(*put->message, put->starts);
      put->done(put->fault ? *put->fault : fault);
    } else if (auto* changes = std::get_if<WaitingChanges>(&waiting)) {
      changes->done(fault);
    }
  }
}

}  // namespace postern::queue

#pragma once
// A queue that forgets at its end: what the committer writes to, in memory, and can be told to have
// no room or to break.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "queue/store.hpp"

namespace postern::smtpd::dialogue {

class MemoryStore final : public queue::Store {
 public:
  struct Kept {
    std::shared_ptr<const Message> message;
    std::string content;
  };

  std::atomic<bool> full{false};         // no room: known at MAIL
  std::atomic<bool> broken{false};       // every write fails,
  std::atomic<bool> out_of_disk{false};  // for this reason

  /// In order of arrival. Thread-safe.
  std::vector<Kept> kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  /// Pieces of bodies that were neither stored nor dropped. Thread-safe.
  std::size_t loose_bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_.size();
  }

  void begin() override {}
  queue::Applied apply(const queue::Change& change) override {
    if (broken || out_of_disk) throw queue::StorageError({out_of_disk, "input/output error"});
    const auto& put = std::get<queue::Put>(change);
    const std::lock_guard lock(mutex_);
    std::string content;
    if (const auto body = bodies_.extract(put.message->no)) content = body.mapped();
    if (put.content) content += *put.content;
    kept_.push_back({put.message, std::move(content)});
    return {.changed = 1};
  }
  void commit() override {}
  void rollback() noexcept override {}
  bool has_room(std::uint64_t) override { return !full; }
  void put_chunk(const queue::PutChunk& chunk) override {
    const std::lock_guard lock(mutex_);
    bodies_[chunk.no] += *chunk.bytes;
  }
  void seal_body(const queue::PutChunk& last) override { put_chunk(last); }
  void drop_body(MessageNo no) noexcept override {
    const std::lock_guard lock(mutex_);
    bodies_.erase(no);
  }
  queue::Reader& reader() override { throw std::logic_error("nobody reads here"); }
  MessageNo last_number() override { return MessageNo{0}; }
  std::uint64_t recover(Time, Time) override { return 0; }

 private:
  mutable std::mutex mutex_;
  std::vector<Kept> kept_;
  std::map<MessageNo, std::string> bodies_;
};

}  // namespace postern::smtpd::dialogue

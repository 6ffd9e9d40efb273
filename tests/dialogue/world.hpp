#pragma once
// The whole front door on loopback: the real server, its io thread and the committer, over a queue
// in memory and a clock that stands still unless it is told to move.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "tests/dialogue/dialogue.hpp"
#include "tests/dialogue/memory_store.hpp"

namespace postern::smtpd::dialogue {

/// Thread-safe.
class StandingClock final : public Clock {
 public:
  Time now() const override;
  Tick tick() const override { return Tick(std::chrono::hours(1)) + passed_.load(); }
  void advance(Duration by) { passed_ = passed_.load() + by; }

 private:
  std::atomic<Duration> passed_{Duration::zero()};
};

class World {
 public:
  /// Listens as `each` wants it, with TLS on offer when `starttls`, and on a second port for
  /// clients that are trusted and plain. Nobody is let in before open().
  World(const Case& each, bool starttls);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::uint16_t port() const;
  std::uint16_t other_port() const;
  void open();
  /// The server has done all that follows from what its clients have heard: it waits for more.
  void settle();
  /// Open sessions, the one that is just ending included.
  std::size_t sessions() const;
  /// In the order of arrival, what differs with each run hidden.
  std::vector<Transaction> queued() const;

  StandingClock clock;
  MemoryStore* store = nullptr;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace postern::smtpd::dialogue

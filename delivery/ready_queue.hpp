#pragma once
// Jobs that wait for a place at one transport: first in, first out per sender domain, but the more
// urgent before the less (RFC 6710). The domains take turns, so that neither one brand's flood nor
// what it calls urgent delays another. Bulk mail (priority below 0, its sender's own word) of all
// domains stands behind the rest, with one place in kBulkEvery so that it never starves.
// Scheduler's thread.
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "delivery/attempt.hpp"

namespace postern::delivery {

/// Sender domains that take turns.
class Turns {
 public:
  void push(std::unique_ptr<Job> job);
  /// Before the others of its domain.
  void push_front(std::unique_ptr<Job> job);
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t domains() const { return turns_.size(); }

  /// The domain whose turn it is. Not when empty.
  DomainIndex turn() const { return turns_.front(); }
  /// Takes the first job of that domain and passes the turn on.
  std::unique_ptr<Job> pop();
  void pass() { rotate(); }
  /// Everything of the domain whose turn it is, in order.
  std::vector<std::unique_ptr<Job>> take_turns_jobs();

 private:
  using Jobs = std::deque<std::unique_ptr<Job>>;
  Jobs& jobs_of(DomainIndex domain);
  void rotate();

  std::vector<std::unique_ptr<Jobs>> jobs_;  // by domain number
  std::deque<DomainIndex> turns_;            // domains that have jobs
  std::size_t size_ = 0;
};

class ReadyQueue {
 public:
  static constexpr unsigned kBulkEvery = 8;

  void push(std::unique_ptr<Job> job) { of(is_bulk(*job)).push(std::move(job)); }
  /// Before the others of its domain: the rest of a job of which a part was taken.
  void push_front(std::unique_ptr<Job> job) { of(is_bulk(*job)).push_front(std::move(job)); }
  bool empty() const { return size() == 0; }
  std::size_t size() const { return classes_[0].size() + classes_[1].size(); }

  /// Whether the next place belongs to bulk mail; when none of it may go, to the rest.
  bool is_bulks_turn() const { return of(true).size() > 0 && since_bulk_ + 1 >= kBulkEvery; }
  Turns& of(bool bulk) { return classes_[bulk ? 1 : 0]; }
  const Turns& of(bool bulk) const { return classes_[bulk ? 1 : 0]; }
  /// Takes the first job of those turns: a place for its kind.
  std::unique_ptr<Job> pop(Turns& turns);
  std::vector<std::unique_ptr<Job>> take_all();

 private:
  static bool is_bulk(const Job& job) { return job.message->priority < 0; }

  std::array<Turns, 2> classes_;
  unsigned since_bulk_ = 0;  // places taken by others while bulk mail waited
};

}  // namespace postern::delivery

#pragma once
// Jobs that wait for a place at one transport: first in, first out per sender domain, but the more
// urgent before the less (RFC 6710). The domains take turns, so that neither one brand's flood nor
// what it calls urgent delays another. Scheduler's thread.
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "delivery/attempt.hpp"

namespace postern::delivery {

class ReadyQueue {
 public:
  void push(std::unique_ptr<Job> job);
  /// Before the others of its domain: the rest of a job of which a part was taken.
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
  std::vector<std::unique_ptr<Job>> take_all();

 private:
  using Jobs = std::deque<std::unique_ptr<Job>>;
  Jobs& jobs_of(DomainIndex domain);
  void rotate();

  std::vector<std::unique_ptr<Jobs>> jobs_;  // by domain number
  std::deque<DomainIndex> turns_;            // domains that have jobs
  std::size_t size_ = 0;
};

}  // namespace postern::delivery

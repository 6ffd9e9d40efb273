#pragma once
// Retention: once a minute, what finished long enough ago goes: bodies after keep_bodies, all of it
// after keep_history, in small steps so that mail never waits for the broom; so do suppressions
// whose time is over. It also has the ids of runs of messages indexed. Lives on one executor.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "core/clock.hpp"
#include "queue/committer.hpp"

namespace postern::queue {

class Retention : public std::enable_shared_from_this<Retention> {
 public:
  struct Keep {
    Duration bodies{};
    Duration history{};
  };
  Retention(boost::asio::any_io_executor executor, Committer& committer, const Clock& clock,
            Keep keep);

  /// On the executor. The first sweep comes after `first`.
  void start(Duration first);
  void set(Keep keep) { keep_ = keep; }
  void stop() { timer_.cancel(); }

 private:
  void wait(Duration duration);
  void sweep();

  boost::asio::steady_timer timer_;
  Committer& committer_;
  const Clock& clock_;
  Keep keep_;
};

}  // namespace postern::queue

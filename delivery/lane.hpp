#pragma once
// A lane: one transport with what waits for it and what it has under way. Scheduler's thread.
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/metrics.hpp"
#include "delivery/ready_queue.hpp"
#include "delivery/ways.hpp"
#include "transports/transport.hpp"

namespace postern::delivery {

using FlightId = std::uint64_t;

/// One call of a transport, from the start of its attempts until all outcomes are recorded.
struct Flight {
  enum class Phase {
    starting,  // the attempts are being committed
    waiting,   // committed; the transport has no place yet
    running,   // the transport has it
  };
  std::unique_ptr<Job> job;
  TransportIndex transport = 0;
  std::shared_ptr<transports::Transport> through;  // as it was when the call began
  Ticket ticket;
  Phase phase = Phase::starting;
};

struct Lane {
  Lane(TransportIndex its_number, std::string its_name, Metrics& metrics);

  TransportIndex number;
  std::string name;
  std::shared_ptr<transports::Transport> transport;
  transports::Abilities abilities;
  transports::Account account;  // as last heard
  ReadyQueue ready;
  std::deque<FlightId> waiting;
  std::uint32_t running = 0;  // with those the transport keeps for its next free place
  bool backlog = false;       // as last told to Ways

  std::uint32_t most_running() const { return concurrency() + abilities.prefetch; }
  /// Calls on the wire; never more than the operator has allowed.
  std::uint32_t in_flight() const { return std::min(running, concurrency()); }

  struct Tally {
    std::uint64_t sent = 0, failed = 0;
    std::string last_error;
  };
  std::unordered_map<DomainIndex, Tally> tallies;

  std::uint32_t concurrency() const { return std::max(1U, abilities.concurrency); }

  /// By Outcome::Kind.
  std::array<prometheus::Counter*, 4> attempts;
  prometheus::Histogram& seconds;
};

}  // namespace postern::delivery

#pragma once
// What follows from an Outcome: done, another transport, another time, or given up. Pure; called
// once per recipient and attempt. Two rules stand above the rest: a temporary failure never ends a
// delivery before its time, and an unknown failure is a temporary one.
#include <cstdint>
#include <optional>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/outcome.hpp"

namespace postern::delivery {

/// A delivery as it stands after an attempt.
struct Standing {
  std::uint32_t attempts = 1;  // this one included
  Time now{};
  Time expires_at{};
  std::optional<Time> first_failed_at{};  // before this attempt
  bool another_way = false;        // a transport not yet tried in this cycle could take it now
  bool another_way_later = false;  // such a transport exists, but is shut at present
  bool deferred_in_cycle = false;  // another transport deferred it in this cycle
  bool refused_in_cycle = false;   // another transport refused the message as such in this cycle
  bool in_company = false;         // the call named several recipients
  bool is_strict = false;          // expires_at is the sender's: no attempt counts after it
};

struct Verdict {
  enum class Step {
    sent,
    failed,     // refused for good: report it
    expired,    // too old: report it
    wait,       // deferred until `at`
    next_way,   // another transport, now
    await_way,  // queued until one of the other transports opens
    split,      // the same transport again, one recipient a call
    next_call,  // the same transport again, with the others that had no room
    ask,        // uncertain: find out what became of it
  };
  Step step = Step::wait;
  Time at{};
};

/// `random` in [0, 1) moves waits by up to 10 % either way, so that what failed together does not
/// come back together.
Verdict judge(const Outcome& outcome, const Standing& standing, const config::Queue& settings,
              double random);

/// The wait after attempt number `attempts`, `age` after the first failure. A cycle may have cost
/// several attempts (fail-over) and may have been long in coming (a block), so the step is the
/// lesser of what the count and what the age say.
Duration wait_after(const config::RetrySchedule& schedule, std::uint32_t attempts, Duration age,
                    double random);

/// Too old to wait any longer. Never before the third attempt while attempts are being made, unless
/// the sender himself has set the time.
bool has_expired(const Standing& standing);

}  // namespace postern::delivery

#pragma once
// A breaker: may this way out (a transport, or a transport for one sender domain) be used? Closed,
// open until an instant, then half-open: one canary message goes first and decides.
//
// Used by Ways under its lock. Pure: time is an argument, nothing is thrown. It knows only failures
// that blame the way itself; a recipient's or a message's fault is a success here.
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/id.hpp"
#include "core/outcome.hpp"
#include "queue/store.hpp"

namespace postern::delivery {

enum class BreakerState { closed, half_open, open, suspended };

std::string_view to_string(BreakerState state);

class Breaker {
 public:
  BreakerState state(Time now) const;
  bool is_closed() const { return phase_ == Phase::closed; }
  /// A canary is on its way; everybody else waits for it or takes another way.
  bool is_probing() const { return probing_; }
  /// Half-open and no canary is on its way yet.
  bool wants_canary(Time now) const;
  /// The caller's message is the canary; one of succeeded, failed or abandon_canary must follow.
  void send_canary() { probing_ = true; }
  void abandon_canary() { probing_ = false; }

  // Each returns true when the state has changed (and is to be saved).

  /// The way works. A straggler's success from before the opening proves nothing and is ignored.
  bool succeeded(Time now, bool was_canary);
  /// `outcome` blames this way. A canary's failure opens for twice as long; blocked and
  /// configuration open at once, until the instant the provider named; anything else counts, once
  /// per message in a row, so that one poisonous message does not shut the way for all.
  bool failed(const Outcome& outcome, MessageNo no, Time now, bool was_canary,
              const config::Breaker& settings);
  bool suspend(Time until, std::string reason);
  bool resume(Time now);
  /// An operator wants the queue tried now: what failures opened becomes half-open at once.
  /// Suspensions and the instants providers named stand.
  bool half_open(Time now);

  /// When an open or suspended one becomes half-open.
  Time until() const { return until_; }
  const std::string& reason() const { return reason_; }

  queue::BreakerRow to_row(std::string transport, std::string domain) const;
  static Breaker from_row(const queue::BreakerRow& row);

 private:
  enum class Phase { closed, open, suspended };
  void open(const Outcome& outcome, Time now, const config::Breaker& settings);

  Phase phase_ = Phase::closed;
  Time until_{};         // of closed: since when
  Duration open_for_{};  // last back-off; zero: none, or the provider named the instant
  unsigned failures_ = 0;
  MessageNo last_failed_{};
  bool probing_ = false;
  std::string reason_;
};

/// The outcome opens a breaker at once, whatever the count.
bool is_block(const Outcome& outcome);

}  // namespace postern::delivery

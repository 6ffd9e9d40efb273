#pragma once
// How long a client may take: for a command, for a message, for anything at all. Pure; one a
// connection; smtpd/connection tells it what happened and asks it when to stop waiting.
//
// A command counts as a whole, so bytes that trickle in do not help; a message has to come at a
// least rate; and an hour without a message accepted is enough in any case.
#include "core/clock.hpp"

namespace postern::smtpd {

struct PaceSettings {
  Duration idle = std::chrono::seconds(300);  // RFC 5321 section 4.5.3.2.7
  Duration hurried_idle = std::chrono::seconds(10);
  Duration content_grace = std::chrono::minutes(3);  // section 4.5.3.2.5: one block may take it
  unsigned content_bytes_per_second = 500;           // beyond the grace, on average
  Duration fruitless = std::chrono::hours(1);        // without a message accepted
};

class Pace {
 public:
  Pace(const PaceSettings& settings, Tick now)
      : settings_(settings), answered_(now), stored_(now) {}

  /// A reply was written: the client's time for what comes next begins.
  void answered(Tick now);
  /// So much of a message came in.
  void content(std::size_t bytes, Tick now);
  /// A message was accepted.
  void stored(Tick now) { stored_ = now; }

  /// Until when the next bytes are waited for. `hurried`: others are waiting for a place.
  Tick deadline(bool hurried) const;

 private:
  PaceSettings settings_;
  Tick answered_;
  Tick stored_;
  Tick last_content_{};
  std::uint64_t content_bytes_ = 0;  // of the message under way
};

}  // namespace postern::smtpd

#pragma once
// Who is turned away at the door leaves a line in the log, but a flood must not become one of the
// disk: after a few lines in a second the others are only counted. Used by smtpd/server; one
// thread; no I/O.
#include <cstdint>
#include <optional>

#include "core/clock.hpp"

namespace postern::smtpd {

class Refusals {
 public:
  static constexpr unsigned kLinesASecond = 10;

  /// One more. How many were left out since the last line, if this one may have one.
  std::optional<std::uint64_t> note(Tick now);

 private:
  Tick second_ends_{};
  unsigned lines_ = 0;  // in this second
  std::uint64_t left_out_ = 0;
};

}  // namespace postern::smtpd

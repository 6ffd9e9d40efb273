#include "smtpd/refusals.hpp"

#include <utility>

namespace postern::smtpd {

std::optional<std::uint64_t> Refusals::note(Tick now) {
  if (now >= second_ends_) {
    second_ends_ = now + std::chrono::seconds(1);
    lines_ = 0;
  }
  if (lines_ == kLinesASecond) {
    ++left_out_;
    return std::nullopt;
  }
  ++lines_;
  return std::exchange(left_out_, 0);
}

}  // namespace postern::smtpd

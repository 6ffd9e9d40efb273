#include "smtpd/pace.hpp"

#include <algorithm>

namespace postern::smtpd {

void Pace::answered(Tick now) {
  answered_ = now;
  content_bytes_ = 0;
}

void Pace::content(std::size_t bytes, Tick now) {
  last_content_ = now;
  content_bytes_ += bytes;
}

Tick Pace::deadline(bool hurried) const {
  const Duration idle = hurried ? std::min(settings_.hurried_idle, settings_.idle) : settings_.idle;
  const Tick enough = stored_ + settings_.fruitless;
  if (content_bytes_ == 0) return std::min(answered_ + idle, enough);
  const Duration earned(content_bytes_ * 1000 / settings_.content_bytes_per_second);
  return std::min({last_content_ + idle, answered_ + settings_.content_grace + earned, enough});
}

}  // namespace postern::smtpd

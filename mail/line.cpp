#include "mail/line.hpp"

#include <algorithm>
#include <utility>

namespace postern::mail {

// Good is a line whose first CR stands right before its LF.
LineFraming::Found LineFraming::take(std::string_view bytes, std::size_t& taken) {
  const auto line_feed = bytes.find('\n');
  const bool whole = line_feed != std::string_view::npos;
  taken = whole ? line_feed + 1 : bytes.size();
  if (seen_bytes_ + taken > kMaxLineBytes) return Found::endless;
  const std::string_view piece = bytes.substr(0, taken);
  const std::size_t before = std::exchange(seen_bytes_, seen_bytes_ + taken);
  if (const auto cr = piece.find('\r'); !first_cr_ && cr != std::string_view::npos)
    first_cr_ = before + cr;
  line_ = piece;
  if (!whole || before > 0) kept_ += piece.substr(0, kMaxKeptBytes - kept_.size());
  if (!whole) return Found::nothing;

  if (before > 0) {
    whole_.swap(kept_);
    kept_.clear();
    line_ = whole_;
  }
  const std::size_t line_bytes = std::exchange(seen_bytes_, 0);
  const auto cr = std::exchange(first_cr_, std::nullopt);
  if (!cr || *cr + 2 != line_bytes) return Found::broken;
  line_ = line_.substr(0, std::min(line_bytes - 2, kMaxKeptBytes));
  return Found::line;
}

}  // namespace postern::mail

#include "mail/line.hpp"

namespace postern::mail {

LineFraming::Found LineFraming::take(std::string_view bytes, std::size_t& taken) {
  const auto line_feed = bytes.find('\n');
  const bool whole = line_feed != std::string_view::npos;
  taken = whole ? line_feed + 1 : bytes.size();
  if (kept_.size() + taken > kMaxLineBytes) return Found::endless;
  if (!whole) {
    kept_ += bytes;
    return Found::nothing;
  }
  line_ = bytes.substr(0, taken);
  if (!kept_.empty()) {
    kept_ += line_;
    whole_.swap(kept_);
    kept_.clear();
    line_ = whole_;
  }
  if (!line_.ends_with("\r\n") || line_.find('\r') + 2 != line_.size()) return Found::broken;
  line_.remove_suffix(2);
  return Found::line;
}

}  // namespace postern::mail

#include "transports/dot_stuffer.hpp"

#include <cstring>

namespace postern::transports {

// A line begins after any LF: a receiver that takes a bare one for a line's end must not find an
// end of data that we did not mean (CVE-2023-51764).
void DotStuffer::stuff(std::string_view bytes, std::vector<boost::asio::const_buffer>& out) {
  static constexpr char kDot = '.';
  if (bytes.empty()) return;
  const char* from = bytes.data();  // not yet in `out`
  const char* const end = from + bytes.size();
  if (at_line_start_ && *from == kDot) out.emplace_back(&kDot, 1);
  const char* at = from;
  while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
    at = static_cast<const char*>(found) + 1;
    if (at == end) break;
    if (*at != kDot) continue;
    out.emplace_back(from, static_cast<std::size_t>(at - from));
    out.emplace_back(&kDot, 1);
    from = at;
  }
  out.emplace_back(from, static_cast<std::size_t>(end - from));
  const bool cr_before = bytes.size() > 1 ? end[-2] == '\r' : after_cr_;
  at_line_start_ = end[-1] == '\n';
  after_crlf_ = at_line_start_ && cr_before;
  after_cr_ = end[-1] == '\r';
}

std::string_view DotStuffer::terminator() const {
  return after_crlf_ ? ".\r\n" : "\r\n.\r\n";
}

}  // namespace postern::transports

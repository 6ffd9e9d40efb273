#include "transports/dot_stuffer.hpp"

#include <cstring>

namespace postern::transports {

// A line begins after any LF: a receiver that takes a bare one for a line's end must not find an
// end of data that we did not mean (CVE-2023-51764). The search is for dots, not for lines: large
// content is base64 and has none.
void DotStuffer::stuff(std::string_view bytes, std::vector<boost::asio::const_buffer>& out) {
  static constexpr char kDot = '.';
  if (bytes.empty()) return;
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* from = begin;  // not yet in `out`
  const char* at = begin;
  while (const void* found = std::memchr(at, kDot, static_cast<std::size_t>(end - at))) {
    const char* const dot = static_cast<const char*>(found);
    at = dot + 1;
    if (dot == begin ? !at_line_start_ : dot[-1] != '\n') continue;
    if (dot != from) out.emplace_back(from, static_cast<std::size_t>(dot - from));
    out.emplace_back(&kDot, 1);
    from = dot;
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

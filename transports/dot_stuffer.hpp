#pragma once
// Content on its way into DATA: dots at the beginning of lines are doubled (RFC 5321 section
// 4.5.2) and the end is marked. Copies nothing: the buffers refer to the bytes given, which may
// come in any pieces. Used by the SMTP connection.
#include <boost/asio/buffer.hpp>
#include <string_view>
#include <vector>

namespace postern::transports {

class DotStuffer {
 public:
  /// Appends buffers for `bytes` to `out`.
  void stuff(std::string_view bytes, std::vector<boost::asio::const_buffer>& out);
  /// What ends content that came so far: ".\r\n", after an unfinished line "\r\n.\r\n".
  std::string_view terminator() const;

 private:
  bool at_line_start_ = true;
  bool after_crlf_ = true;
  bool after_cr_ = false;
};

}  // namespace postern::transports

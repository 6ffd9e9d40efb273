#pragma once
// Command framing (RFC 5321 section 2.3.8): cuts a client's bytes into lines that end in CRLF and
// nothing else. Used by smtpd/session. The result does not depend on how the bytes are cut; a line
// that lies whole in the input is not copied. Memory is bounded by kMaxKeptBytes, for anybody may
// send a line without end; what is over it is only counted.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

class LineFraming {
 public:
  static constexpr std::size_t kMaxLineBytes = 64 * 1024;
  /// As long as the longest command, AUTH, with its CRLF (RFC 4954 section 4).
  static constexpr std::size_t kMaxKeptBytes = 12 * 1024;

  enum class Found {
    nothing,  // the line goes on
    line,
    broken,   // a bare CR or LF: where commands end is in doubt
    endless,  // kMaxLineBytes and no end
  };

  /// Takes bytes up to the end of the line; `taken` tells how many.
  Found take(std::string_view bytes, std::size_t& taken);

  /// The line without its CRLF, cut to kMaxKeptBytes; valid until the next take() and while the
  /// input lives.
  std::string_view line() const { return line_; }
  /// No byte of a line has been seen.
  bool at_line_start() const { return seen_bytes_ == 0; }

 private:
  std::size_t seen_bytes_ = 0;  // of a line that is not whole yet
  std::optional<std::size_t> first_cr_;
  std::string kept_;  // its beginning
  std::string whole_;
  std::string_view line_;
};

}  // namespace postern::mail

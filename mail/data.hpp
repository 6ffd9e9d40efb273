#pragma once
// DATA framing (RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2): finds the one true end of a message,
// CRLF.CRLF, and takes dot-stuffing away. Used by smtpd while receiving.
//
// A bare CR, a bare LF, a NUL or an endless line is noted as a fault, but reading goes on to the
// real end: servers that disagree about where a message ends are how mail gets smuggled
// (CVE-2023-51764). The result does not depend on how the bytes are cut. Linear; constant memory.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace postern::mail {

enum class FramingFault { none, long_line, nul, bare_lf, bare_cr };  // rising gravity

class DataFraming {
 public:
  /// A hard cap; RFC 5321 section 4.5.3.1.6 promises 1000 only, but real mail exceeds that.
  static constexpr std::size_t kMaxLineBytes = 64 * 1024;

  /// Takes bytes up to the end of the message and returns how many: fewer than given only when
  /// done(). Content is appended to `out`, never more than was taken; nullptr: it is not wanted.
  std::size_t take(std::string_view bytes, std::string* out);

  bool done() const { return state_ == State::end; }
  /// The gravest fault so far. The content of a faulty message is of no use.
  FramingFault fault() const { return fault_; }
  /// Ready for the next message.
  void reset() { *this = DataFraming(); }

 private:
  enum class State {
    line_start,  // after CRLF, or at the very beginning
    in_line,
    cr,   // CR within a line
    dot,  // a dot at the start of a line; never content
    dot_cr,
    end,
  };

  std::size_t take_line(std::string_view bytes);
  void note(FramingFault fault) { fault_ = std::max(fault_, fault); }

  State state_ = State::line_start;
  FramingFault fault_ = FramingFault::none;
  std::size_t line_bytes_ = 0;
};

}  // namespace postern::mail

#include "mail/data.hpp"

#include <cstring>

namespace postern::mail {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::size_t find(std::string_view text, char c) {
  if (text.empty()) return kNone;
  const void* const found = std::memchr(text.data(), c, text.size());
  return found == nullptr ? kNone
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

std::size_t DataFraming::take(std::string_view bytes, std::string* out) {
  std::size_t at = 0;
  std::size_t run = 0;  // content not yet copied; whole runs of lines are copied at once
  const auto copy_run = [&] {
    if (out != nullptr) out->append(bytes.substr(run, at - run));
  };
  while (at < bytes.size() && state_ != State::end) {
    const char c = bytes[at];
    switch (state_) {
      case State::line_start:
        line_bytes_ = 0;
        if (c == '.') {
          copy_run();
          run = ++at;
          state_ = State::dot;
        } else {
          state_ = State::in_line;
        }
        break;
      case State::in_line:
        at += take_line(bytes.substr(at));
        break;
      case State::cr:
        if (c == '\n') {
          ++at;
          state_ = State::line_start;
        } else {
          note(FramingFault::bare_cr);
          state_ = State::in_line;
        }
        break;
      case State::dot:
        if (c == '\r') {
          run = ++at;
          state_ = State::dot_cr;
        } else {
          state_ = State::in_line;  // stuffed: the rest of the line is content
        }
        break;
      case State::dot_cr:
        if (c == '\n') {
          run = ++at;
          state_ = State::end;
        } else {
          note(FramingFault::bare_cr);
          state_ = State::in_line;
        }
        break;
      case State::end:
        break;
    }
  }
  copy_run();
  return at;
}

// Takes the rest of a line, its CRLF included, or up to a CR that is not followed by LF, or all
// there is. Each byte is searched a fixed number of times, however many CRs there are.
std::size_t DataFraming::take_line(std::string_view bytes) {
  const std::size_t carriage_return = find(bytes, '\r');
  const bool has_cr = carriage_return != kNone;
  const std::string_view line = bytes.substr(0, has_cr ? carriage_return + 1 : kNone);
  if (find(line, '\n') != kNone) note(FramingFault::bare_lf);
  if (find(line, '\0') != kNone) note(FramingFault::nul);
  line_bytes_ += line.size();
  if (line_bytes_ > kMaxLineBytes) note(FramingFault::long_line);

  if (!has_cr) return line.size();
  if (line.size() < bytes.size() && bytes[line.size()] == '\n') {
    state_ = State::line_start;
    return line.size() + 1;
  }
  state_ = State::cr;
  return line.size();
}

}  // namespace postern::mail

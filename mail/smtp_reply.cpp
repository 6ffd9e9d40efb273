#include "mail/smtp_reply.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace postern::mail {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string SmtpReply::to_line() const {
  std::string words(trim(text));
  std::replace(words.begin(), words.end(), '\n', ' ');
  return std::to_string(code) + ' ' + escape(words);
}

SmtpReplyReader::Found SmtpReplyReader::next(std::string_view& bytes) {
  if (!is_continued_ && partial_.empty()) {
    reply_.text.clear();
    reply_bytes_ = 0;
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
    reply_bytes_ += taken;
    if (reply_bytes_ > kMaxReplyBytes) return Found::garbage;
    std::string_view line = bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (end == std::string_view::npos) {
      partial_ += line;
      return Found::nothing;
    }
    if (!partial_.empty()) line = partial_ += line;
    const Line found = take_line(line);
    partial_.clear();
    if (found == Line::garbage) return Found::garbage;
    is_continued_ = found == Line::more;
    if (found == Line::last) return Found::reply;
  }
  return Found::nothing;
}

void SmtpReplyReader::reset() {
  partial_.clear();
  is_continued_ = false;
}

// Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
SmtpReplyReader::Line SmtpReplyReader::take_line(std::string_view line) {
  line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
    return Line::garbage;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return Line::garbage;
  reply_.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  const std::size_t room = kMaxTextBytes - std::min(reply_.text.size(), kMaxTextBytes);
  if (is_continued_ && room > 0) reply_.text += '\n';
  if (line.size() > 4) reply_.text += line.substr(4, room);
  return line.size() > 3 && line[3] == '-' ? Line::more : Line::last;
}

}  // namespace postern::mail

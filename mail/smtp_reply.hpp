#pragma once
// Reads SMTP replies (RFC 5321 section 4.2) out of bytes that come in pieces. Used by whoever is a
// client: transports/smtp_client and sendmail. A reply is lenient in its words and strict in its
// frame: what does not begin with a code is garbage, and so is a reply that does not end.
#include <cstddef>
#include <string>
#include <string_view>

namespace postern::mail {

struct SmtpReply {
  int code = 0;      // 200 to 599; of the last line
  std::string text;  // without codes; lines parted by LF; the beginning only of a long one

  bool is_positive() const { return code >= 200 && code < 300; }
  bool is_refusal() const { return code >= 400; }
  /// "550 5.1.1 No such user", on one line, escaped.
  std::string to_line() const;
};

class SmtpReplyReader {
 public:
  static constexpr std::size_t kMaxReplyBytes = 1024 * 1024;  // all lines of one reply
  static constexpr std::size_t kMaxTextBytes = 4096;          // of it kept

  enum class Found { nothing, reply, garbage };

  /// Takes one reply, or all there is of it, from the front of `bytes`.
  Found next(std::string_view& bytes);
  /// The reply that next() has found; valid until it is called again.
  const SmtpReply& reply() const { return reply_; }
  /// Forgets a reply that has only begun.
  void reset();

 private:
  enum class Line { last, more, garbage };
  Line take_line(std::string_view line);

  SmtpReply reply_;
  std::string partial_;          // a line that has not ended
  std::size_t reply_bytes_ = 0;  // of the reply under way
  bool is_continued_ = false;
};

}  // namespace postern::mail

#pragma once
// What sendmail was given, made into what can be submitted: line ends, envelope, and the addresses
// that only this machine understands. Everything else stays as it came; Date, Message-ID and the
// removal of Bcc are the daemon's. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/sendmail_options.hpp"

namespace postern::cli {

/// Standard input as it arrives, in any pieces: every kind of line end becomes CRLF.
class LetterInput {
 public:
  /// `dot_ends`: a line with a single dot is the end. `limit_bytes`: of the text.
  LetterInput(bool dot_ends, std::uint64_t limit_bytes)
      : dot_ends_(dot_ends), limit_bytes_(limit_bytes) {}

  void take(std::string_view bytes);
  /// A lone dot has come: nothing more belongs to the message.
  bool done() const { return done_; }
  /// More has come than the limit; the rest is not kept.
  bool is_too_large() const { return text_.size() > limit_bytes_; }
  /// The whole text, its last line ended.
  std::string finish() &&;

 private:
  void end_line();

  bool dot_ends_;
  std::uint64_t limit_bytes_;
  std::string text_;
  std::size_t line_start_ = 0;
  bool in_header_ = true;
  bool after_cr_ = false;
  bool done_ = false;
};

/// Who calls, and where.
struct Caller {
  std::string user;       // "root"
  std::string full_name;  // "Jane Doe"; may be empty
  std::string domain;     // what addresses without one get
};

struct Letter {
  std::string sender;  // empty: <>
  std::vector<std::string> recipients;
  std::string content;    // header, empty line, body; CRLF at each line's end
  bool smtputf8 = false;  // an address needs RFC 6531
};

/// `text`: of LetterInput. Throws Failure: kMisused for what was given on the command line,
/// kBadMessage for what stands in the message.
Letter write_letter(const SendmailOptions& options, std::string_view text, const Caller& caller);

}  // namespace postern::cli

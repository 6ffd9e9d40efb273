#pragma once
// Plays one case on one connection, whatever that is made of, and says where the server did not
// answer as written.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"
#include "tests/dialogue/dialogue.hpp"

namespace postern::smtpd::dialogue {

inline constexpr std::string_view kGreeting = "220 relay.example.com ESMTP ready\r\n";
/// Client and server are both here; other tests, which use up ports of 127.0.0.1, are not.
inline constexpr const char* kAddress = "127.7.7.7";
inline constexpr std::string_view kTlsMark = "-- tls\n";

/// The client's end of a connection.
class Line {
 public:
  virtual ~Line() = default;
  virtual void send(std::string_view bytes) = 0;
  /// What the server says now: as many lines as `expected` has; fewer when it stops speaking.
  virtual std::string hear(std::string_view expected) = 0;
  /// After 220 to STARTTLS.
  virtual void encrypt() = 0;
  /// The server has hung up, and said nothing since it was last heard.
  virtual bool is_closed() = 0;
  virtual void hang_up() = 0;
  /// Pauses and handshakes are heard as lines of their own.
  virtual bool hears_marks() const = 0;
};

/// How a dialogue's bytes are cut into pieces.
struct Cut {
  static constexpr std::size_t kNowhere = std::string_view::npos;
  std::size_t at = kNowhere;  // in two, counted over all steps
  bool everywhere = false;    // byte by byte
};

class Replay {
 public:
  Replay(const Case& each, Line& line, bool after_starttls, Cut cut = {})
      : case_(each),
        line_(line),
        after_starttls_(after_starttls),
        in_tls_(each.tls() == config::ListenerTls::implicit),
        cut_(cut) {}

  testing::AssertionResult run() {
    if (const auto arrived = arrive(); !arrived) return arrived;
    for (const Step& step : case_.steps)
      if (const auto played = play(step); !played) return played;
    if (case_.ends_closed)
      return line_.is_closed() ? testing::AssertionSuccess()
                               : testing::AssertionFailure() << "the connection is not closed";
    if (!case_.steps.empty() && case_.steps.back().hangs_up) return testing::AssertionSuccess();
    if (const auto left = play({.spoken = "QUIT\r\n", .answer = "221 2.0.0 Bye\r\n"}); !left)
      return left;
    return line_.is_closed() ? testing::AssertionSuccess()
                             : testing::AssertionFailure() << "not closed after QUIT";
  }

  /// Up to where the case begins.
  testing::AssertionResult arrive() {
    if (case_.start() == Start::connect) return testing::AssertionSuccess();
    if (const auto greeted = expect(std::string(kGreeting), "the greeting"); !greeted)
      return greeted;
    if (after_starttls_) {
      for (const Step& step : std::vector<Step>{
               {.spoken = "EHLO client.example\r\n", .answer = "(offer)\r\n"},
               {.spoken = "STARTTLS\r\n", .answer = "220 2.0.0 Begin TLS now\r\n-- tls\n"}})
        if (const auto played = play(step); !played) return played;
    }
    for (const Step& step : prelude(case_))
      if (const auto played = play(step); !played) return played;
    in_case_ = true;
    return testing::AssertionSuccess();
  }

  /// Sends what the step sends, cut as told.
  void speak(const Step& step) {
    const std::string_view bytes = step.spoken;
    if (in_case_ && cut_.everywhere) {
      for (const char& c : bytes) line_.send({&c, 1});
    } else if (in_case_ && cut_.at != Cut::kNowhere) {
      const std::size_t here = std::clamp(cut_.at, spoken_, spoken_ + bytes.size()) - spoken_;
      if (here > 0) line_.send(bytes.substr(0, here));
      if (here < bytes.size()) line_.send(bytes.substr(here));
    } else if (!bytes.empty()) {
      line_.send(bytes);
    }
    if (in_case_) spoken_ += bytes.size();
  }

  /// The step's answer as this connection shows it.
  std::string expected(const Step& step) const {
    std::string answer;
    for (std::string_view rest = step.answer; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n') + 1);
      rest.remove_prefix(line.size());
      if (line == "(offer)\r\n")
        answer += offer(case_, in_tls_);
      else if (line_.hears_marks() || !line.starts_with("-- "))
        answer += line;
    }
    return answer;
  }

 private:
  testing::AssertionResult play(const Step& step) {
    speak(step);
    const auto answered = expect(expected(step), escape(step.spoken, 300));
    if (answered && step.answer.ends_with(kTlsMark)) {
      line_.encrypt();
      in_tls_ = true;
    }
    if (step.hangs_up) line_.hang_up();
    return answered;
  }

  testing::AssertionResult expect(const std::string& answer, const std::string& after) {
    const std::string heard = line_.hear(answer);
    if (heard == answer) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "after: " << after << "\nexpected:\n"
                                       << answer << "heard:\n"
                                       << heard;
  }

  const Case& case_;
  Line& line_;
  const bool after_starttls_;
  bool in_tls_;
  const Cut cut_;
  bool in_case_ = false;
  std::size_t spoken_ = 0;
};

/// The case as it is inside TLS: the listener offers STARTTLS.
inline Case with_starttls(Case each) {
  each.settings.push_back("tls starttls");
  return each;
}

/// Readable in a failure.
inline std::string to_text(const std::vector<Transaction>& queued) {
  std::string text;
  for (const Transaction& one : queued) text += "Q: " + one.envelope + "\n" + one.content;
  return text.empty() ? "nothing queued" : text;
}

/// What differs with each run: our ids, in a reply and in what we add to a message.
inline void hide_id(std::string& text, const std::string& id) {
  const auto at = text.find(id);
  if (at == std::string::npos) return;
  text.replace(at, id.size(), "ID");
  if (text.compare(at, 3, "ID.") == 0) text.replace(at + 3, 16, "DIGEST");
}

inline Transaction transaction_of(const Message& message, std::string content) {
  Transaction seen{.envelope = "<" + message.envelope.sender + ">", .content = std::move(content)};
  for (const std::string& recipient : message.envelope.recipients)
    seen.envelope.append(" <").append(recipient).append(">");
  hide_id(seen.content, message.id());
  return seen;
}

}  // namespace postern::smtpd::dialogue

#include "cli/submission.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "cli/failure.hpp"
#include "cli/smtp_line.hpp"
#include "core/text.hpp"

namespace postern::cli {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using mail::SmtpReply;

constexpr std::string_view kData = "DATA\r\n";
constexpr std::size_t kMostNamed = 10;  // refused recipients in one sentence

/// Of a reply that is no success (RFC 3463 for the second code).
ExitStatus status_of(const SmtpReply& reply) {
  if (reply.text.starts_with("4.5.3")) return kRefused;  // too many recipients, today and tomorrow
  if (reply.code < 500) return kTryLater;
  if (reply.text.starts_with("5.1.")) return kNoSuchAddress;
  if (reply.text.starts_with("5.6.")) return kBadMessage;
  return kRefused;
}

bool is_eight_bit(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string mail_command(const Letter& letter, const SendmailOptions& options) {
  std::string command =
      "MAIL FROM:<" + letter.sender + "> SIZE=" + std::to_string(letter.content.size());
  if (is_eight_bit(letter.content)) command += " BODY=8BITMIME";
  if (letter.smtputf8) command += " SMTPUTF8";
  if (!options.ret.empty()) command += " RET=" + options.ret;
  if (!options.envelope_id.empty()) command += " ENVID=" + options.envelope_id;
  return command + "\r\n";
}

/// RFC 5321 section 4.5.2, with the end of data.
std::string dot_stuffed(std::string_view content) {
  std::string wire;
  wire.reserve(content.size() + content.size() / 64 + 3);
  while (!content.empty()) {
    const std::string_view line = content.substr(0, content.find('\n') + 1);
    if (line.starts_with('.')) wire += '.';
    wire += line;
    content.remove_prefix(line.size());
  }
  return wire += ".\r\n";
}

/// One submission. Every step but the last can fail without a trace.
class Submission {
 public:
  Submission(const asio::any_io_executor& executor, const Door& door, const Letter& letter,
             const SendmailOptions& options)
      : line_(executor, door), letter_(letter), options_(options) {}

  awaitable<void> run() {
    co_await line_.connect();
    const SmtpReply greeting = co_await line_.begin();
    expect(greeting);
    const std::string mail = mail_command(letter_, options_);
    const std::array<std::string_view, 2> commands{kEhlo, mail};
    for (const std::string_view command : commands) {
      const SmtpReply reply = co_await line_.ask(command, kCommandPatience);
      expect(reply);
    }
    co_await name_recipients();
    co_await hand_over();
    co_await line_.quit();
  }

  const std::string& answer() const { return answer_; }

 private:
  static void expect(const SmtpReply& reply) {
    if (!reply.is_positive()) throw Failure(status_of(reply), complaint(reply));
  }

  static std::string complaint(const SmtpReply& reply) {
    return "The relay says: " + reply.to_line();
  }

  // All are asked about, so that one call is enough to learn of every mistake.
  awaitable<void> name_recipients() {
    std::string complaints;
    std::size_t refused = 0;
    ExitStatus status = kDone;
    for (const std::string& recipient : letter_.recipients) {
      std::string command = "RCPT TO:<" + recipient + '>';
      if (!options_.notify.empty()) command += " NOTIFY=" + options_.notify;
      command += "\r\n";
      const SmtpReply reply = co_await line_.ask(command, kCommandPatience);
      if (reply.is_positive()) continue;
      if (++refused <= kMostNamed) complaints += "\n  " + recipient + ": " + reply.to_line();
      if (status == kDone || status == kTryLater) status = status_of(reply);
      if (reply.code == 421) break;
    }
    if (refused > kMostNamed)
      complaints += "\n  and " + std::to_string(refused - kMostNamed) + " more";
    if (refused > 0)
      throw Failure(status, "Nobody gets the message, for the relay refuses" + complaints);
  }

  awaitable<void> hand_over() {
    SmtpReply reply = co_await line_.ask(kData, kCommandPatience);
    if (reply.code != 354) throw Failure(status_of(reply), complaint(reply));
    const std::string content = dot_stuffed(letter_.content);
    try {
      reply = co_await line_.ask(content, kMessagePatience);
    } catch (const Failure& lost) {
      throw Failure(lost.status(), std::string(lost.what()) +
                                       " before it said whether it has the message; look at mailq "
                                       "before you send it again.");
    }
    expect(reply);
    answer_ = reply.to_line();
  }

  SmtpLine line_;
  const Letter& letter_;
  const SendmailOptions& options_;
  std::string answer_;
};

}  // namespace

std::string submit(const Door& door, const Letter& letter, const SendmailOptions& options) {
  asio::io_context io;
  Submission submission(io.get_executor(), door, letter, options);
  std::exception_ptr failure;
  auto ended = [&](std::exception_ptr thrown) {
    failure = std::move(thrown);
    io.stop();  // deadlines that are left are nobody's
  };
  asio::co_spawn(io, submission.run(), std::move(ended));
  io.run();
  if (failure) std::rethrow_exception(failure);
  return submission.answer();
}

}  // namespace postern::cli

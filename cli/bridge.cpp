// sendmail -bs: the caller speaks SMTP on standard input and output, and each command goes to the
// daemon once the one before is answered. So callers whose input is a file need not wait for
// anything themselves, though the daemon takes neither early talk nor content before its 354.
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <exception>
#include <optional>

#include "cli/failure.hpp"
#include "cli/smtp_line.hpp"
#include "cli/submission.hpp"
#include "core/text.hpp"
#include "mail/command.hpp"
#include "mail/data.hpp"
#include "mail/line.hpp"

namespace postern::cli {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

/// False: the caller does not listen any more.
bool write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_out(const mail::SmtpReply& reply) {
  const std::string code = std::to_string(reply.code);
  const auto lines = split(reply.text, '\n');
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += code + (i + 1 < lines.size() ? '-' : ' ');
    text += lines[i];
    text += "\r\n";
  }
  return write_out(text);
}

/// Standard input. Reading blocks: nothing else is to be done meanwhile.
class Input {
 public:
  /// What has been read and not been used; read anew when that is nothing. Empty: the end.
  std::string_view peek() {
    while (begin_ == end_) {
      const ssize_t read = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
      if (read < 0 && errno == EINTR) continue;
      if (read <= 0) return {};
      begin_ = 0;
      end_ = static_cast<std::size_t>(read);
    }
    return {buffer_.data() + begin_, end_ - begin_};
  }
  void use(std::size_t bytes) { begin_ += bytes; }

  /// A line with its end, or so much of it that no command is that long; nullopt: no more lines.
  std::optional<std::string> line() {
    std::string line;
    while (!line.ends_with('\n') && line.size() < mail::LineFraming::kMaxLineBytes) {
      const std::string_view more = peek();
      if (more.empty()) return std::nullopt;
      const std::string_view piece = more.substr(0, more.find('\n') + 1);
      line += piece.empty() ? more : piece;
      use(piece.empty() ? more.size() : piece.size());
    }
    return line;
  }

 private:
  std::array<char, 64 * 1024> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

class Bridge {
 public:
  Bridge(const asio::any_io_executor& executor, const Door& door) : line_(executor, door) {}

  awaitable<void> run() {
    co_await line_.connect();
    mail::SmtpReply reply = co_await line_.begin();
    bool goes_on = reply.is_positive();
    while (write_out(reply) && goes_on) {
      if (reply.code == 354) {
        const bool is_whole = co_await carry_content();
        if (!is_whole) co_return;
        reply = co_await line_.hear(kMessagePatience);
      } else {
        const auto command = input_.line();
        if (!command) break;
        reply = co_await answer(*command);
      }
      goes_on = reply.code != 221 && reply.code != 421;
    }
    co_await line_.quit();
  }

 private:
  // A pipe needs no TLS; the daemon, which offers it, does not know that there is one.
  awaitable<mail::SmtpReply> answer(std::string_view command) {
    if (iequals(mail::split_command(trim(command)).verb, "STARTTLS"))
      co_return mail::SmtpReply{502, "5.5.1 There is no TLS on standard input"};
    co_return co_await line_.ask(command, kCommandPatience);
  }

  /// False: the input ended in the middle; so does the connection, and the daemon has nothing.
  awaitable<bool> carry_content() {
    mail::DataFraming framing;
    while (!framing.done()) {
      const std::string_view bytes = input_.peek();
      if (bytes.empty()) co_return false;
      const std::size_t taken = framing.take(bytes, nullptr);
      co_await line_.send(bytes.substr(0, taken));
      input_.use(taken);
    }
    co_return true;
  }

  SmtpLine line_;
  Input input_;
};

}  // namespace

void speak_smtp(const Door& door) {
  asio::io_context io;
  Bridge bridge(io.get_executor(), door);
  std::exception_ptr failure;
  auto ended = [&](std::exception_ptr thrown) {
    failure = std::move(thrown);
    io.stop();  // deadlines that are left are nobody's
  };
  asio::co_spawn(io, bridge.run(), std::move(ended));
  io.run();
  if (!failure) return;
  write_out("421 4.3.2 The relay is down, please try again later\r\n");
  std::rethrow_exception(failure);
}

}  // namespace postern::cli

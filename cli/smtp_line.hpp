#pragma once
// The connection of sendmail to the daemon's listener: connecting, TLS where the listener demands
// it, commands and replies one after the other (RFC 5321). The other end is Postern itself, so what
// it offers is known. Lives on the executor it is made with; what goes wrong is thrown as Failure,
// always one that says to try later.
#include <array>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string_view>

#include "cli/door.hpp"
#include "mail/smtp_reply.hpp"
#include "net/stream.hpp"

namespace postern::cli {

class SmtpLine {
 public:
  SmtpLine(const boost::asio::any_io_executor& executor, Door door);
  ~SmtpLine();

  /// TCP and, on an implicit listener, TLS.
  boost::asio::awaitable<void> connect();
  /// The greeting and, where the listener takes no mail without TLS, STARTTLS. Gives the greeting,
  /// which may be a refusal.
  boost::asio::awaitable<mail::SmtpReply> begin();
  /// Writes a command, or a message with its end, and waits so long for the reply.
  boost::asio::awaitable<mail::SmtpReply> ask(std::string_view text, Duration patience);
  /// The two halves of it.
  boost::asio::awaitable<void> send(std::string_view text);
  boost::asio::awaitable<mail::SmtpReply> hear(Duration patience);
  /// Says QUIT and closes; nothing of it can fail.
  boost::asio::awaitable<void> quit();

 private:
  boost::asio::awaitable<void> start_tls();
  [[noreturn]] void fail(std::string_view what, const net::error_code& error) const;

  Door door_;
  std::shared_ptr<boost::asio::ssl::context> tls_;  // outlives the stream
  net::Stream stream_;
  mail::SmtpReplyReader reader_;
  std::array<char, 4096> buffer_;
  std::string_view unread_;  // of buffer_
};

/// What the daemon calls us is the address.
constexpr std::string_view kEhlo = "EHLO localhost\r\n";

/// How long a command may take (RFC 5321 section 4.5.3.2 allows more; nobody waits for a program
/// that long), and the end of a message, where giving up early means duplicates.
constexpr Duration kCommandPatience = std::chrono::minutes{1};
constexpr Duration kMessagePatience = std::chrono::minutes{10};

}  // namespace postern::cli

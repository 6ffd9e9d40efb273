#include "cli/smtp_line.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include "cli/failure.hpp"
#include "config/units.hpp"
#include "net/tls.hpp"

namespace postern::cli {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using config::ListenerTls;

constexpr Duration kConnectPatience = std::chrono::seconds{10};

constexpr std::string_view kStartTls = "STARTTLS\r\n";
constexpr std::string_view kQuit = "QUIT\r\n";

}  // namespace

SmtpLine::SmtpLine(const asio::any_io_executor& executor, Door door)
    : door_(std::move(door)), stream_(executor) {
  if (door_.tls == ListenerTls::implicit || door_.tls == ListenerTls::required)
    tls_ = net::make_client_context({});
}

SmtpLine::~SmtpLine() = default;

awaitable<void> SmtpLine::connect() {
  net::Endpoints endpoints;
  endpoints.emplace_back(asio::ip::make_address(door_.address.host), door_.address.port);
  if (const auto error = co_await stream_.connect(std::move(endpoints), kConnectPatience))
    throw Failure(kTryLater, "No daemon answers at " + config::format_endpoint(door_.address) +
                                 " (" + error.message() + "); is \"postern serve\" running?");
  if (door_.tls == ListenerTls::implicit) co_await start_tls();
}

awaitable<mail::SmtpReply> SmtpLine::begin() {
  mail::SmtpReply greeting = co_await hear(kCommandPatience);
  if (door_.tls != ListenerTls::required || !greeting.is_positive()) co_return greeting;
  constexpr std::array kCommands{kEhlo, kStartTls};
  for (const std::string_view command : kCommands) {
    mail::SmtpReply reply = co_await ask(command, kCommandPatience);
    if (!reply.is_positive()) co_return reply;
  }
  if (!unread_.empty()) fail("spoke before TLS", {});
  co_await start_tls();
  co_return greeting;
}

// The certificate is for others, under the daemon's public name; who we talk to is this machine.
awaitable<void> SmtpLine::start_tls() {
  stream_.expires_after(kCommandPatience);
  const auto error = co_await stream_.start_tls_client(door_.address.host, false, *tls_);
  if (error) fail("could not begin TLS", error);
}

awaitable<mail::SmtpReply> SmtpLine::ask(std::string_view text, Duration patience) {
  co_await send(text);
  co_return co_await hear(patience);
}

awaitable<void> SmtpLine::send(std::string_view text) {
  stream_.expires_after(kMessagePatience);
  if (const auto error = co_await stream_.write(asio::buffer(text)))
    fail("closed the connection", error);
}

awaitable<mail::SmtpReply> SmtpLine::hear(Duration patience) {
  using Found = mail::SmtpReplyReader::Found;
  stream_.expires_after(patience);
  for (;;) {
    const Found found = reader_.next(unread_);
    if (found == Found::reply) co_return reader_.reply();
    if (found == Found::garbage) fail("does not speak SMTP", {});
    const net::Moved read = co_await stream_.read_some(asio::buffer(buffer_));
    if (!read) fail("closed the connection", read.error());
    unread_ = {buffer_.data(), *read};
  }
}

awaitable<void> SmtpLine::quit() {
  co_await stream_.write(asio::buffer(kQuit));
  co_await stream_.shutdown();
}

void SmtpLine::fail(std::string_view what, const net::error_code& error) const {
  std::string sentence = "The daemon at " + config::format_endpoint(door_.address) + ' ';
  if (error == asio::error::timed_out)
    sentence += "does not answer";
  else
    sentence += what;
  throw Failure(kTryLater, sentence);
}

}  // namespace postern::cli

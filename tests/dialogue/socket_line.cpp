#include "tests/dialogue/socket_line.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace postern::smtpd::dialogue {
namespace {

// Nothing here takes this long; a test must end all the same.
constexpr timeval kPatience{30, 0};
// Less than any socket's buffer, so that neither side can block the other.
constexpr std::size_t kPieceBytes = 16 * 1024;

sockaddr_in loopback(const char* address, std::uint16_t port) {
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(port);
  inet_pton(AF_INET, address, &endpoint.sin_addr);
  return endpoint;
}

}  // namespace

SocketLine::SocketLine(std::uint16_t port, const char* from) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that are gone
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const sockaddr_in source = loopback(from, 0);
  const sockaddr_in target = loopback(kAddress, port);
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0 ||
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0)
    throw std::runtime_error(std::string("cannot connect: ") + std::strerror(errno));
}

SocketLine::~SocketLine() {
  hang_up();
}

void SocketLine::hang_up() {
  tls_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  ended_ = true;
}

void SocketLine::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has gone: what it said says why
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void SocketLine::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    bytes.remove_prefix(piece.size());
    if (tls_)
      SSL_write(tls_.get(), piece.data(), static_cast<int>(piece.size()));
    else
      send_raw(piece);
    if (!bytes.empty())
      while (receive(false)) continue;
  }
}

// Appends to received_; false: there is nothing (not waiting), or the end was reached.
bool SocketLine::receive(bool wait) {
  if (ended_) return false;
  if (!wait && !(tls_ && SSL_pending(tls_.get()) > 0)) {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, 0) <= 0) return false;
  }
  std::array<char, 32 * 1024> buffer{};
  const int size = static_cast<int>(buffer.size());
  const auto count = tls_ ? SSL_read(tls_.get(), buffer.data(), size)
                          : static_cast<int>(::recv(socket_, buffer.data(), buffer.size(), 0));
  if (count > 0) {
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  broken_ = tls_ ? SSL_get_error(tls_.get(), count) != SSL_ERROR_ZERO_RETURN : count < 0;
  ended_ = true;
  return false;
}

std::string SocketLine::line() {
  std::size_t end = received_.find('\n');
  while (end == std::string::npos && receive(true)) end = received_.find('\n');
  if (end == std::string::npos) return {};
  std::string line = received_.substr(0, end + 1);
  received_.erase(0, end + 1);
  return line;
}

std::string SocketLine::hear(std::string_view expected) {
  std::string heard;
  for (auto lines = std::count(expected.begin(), expected.end(), '\n'); lines > 0; --lines)
    heard += line();
  static constexpr std::string_view kQueued = "queued as ";
  for (std::size_t at = 0; (at = heard.find(kQueued, at)) != std::string::npos;) {
    at += kQueued.size();
    heard.replace(at, heard.find('\r', at) - at, "ID");
  }
  return heard;
}

std::string SocketLine::say(const std::string& bytes) {
  send(bytes);
  std::string reply = line();
  while (reply.size() > 3 && reply[3] == '-') reply = line();
  return reply;
}

void SocketLine::encrypt() {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  // Security level 0: a test may want what nobody should.
  SSL_CTX_set_security_level(context_.get(), 0);
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_.get(), newest_);
  tls_.reset(SSL_new(context_.get()));
  SSL_set_fd(tls_.get(), socket_);
  if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("no TLS handshake");
}

void SocketLine::notify_close() {
  if (tls_) SSL_shutdown(tls_.get());
}

bool SocketLine::is_closed() {
  while (receive(true)) continue;
  return received_.empty() && !broken_;
}

}  // namespace postern::smtpd::dialogue

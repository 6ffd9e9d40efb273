#include "net/stream.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <utility>

namespace postern::net {
namespace {

using asio::ip::tcp;
// Without exceptions and without a coroutine frame per operation.
constexpr auto kAwait = asio::as_tuple(asio::deferred);

// The largest TLS record (RFC 8446 section 5.1).
constexpr std::size_t kRecordBytes = 16 * 1024;

// What Asio gives to one sendmsg(2).
constexpr std::size_t kBuffersAtOnce = 64;

// How long an orderly end may take.
constexpr Duration kLinger = std::chrono::seconds(2);

constexpr Tick kNever = Tick::max();

error_code timed_out() {
  return asio::error::make_error_code(asio::error::timed_out);
}

}  // namespace

// One timer a stream, armed lazily: moving the deadline back only notes the new time, and the
// timer is set anew when it fires. Outlives the stream while its wait is queued.
struct Stream::Deadline : std::enable_shared_from_this<Stream::Deadline> {
  explicit Deadline(tcp::socket& s) : timer(s.get_executor()), socket(&s) {}

  void arm() {
    armed_for = at;
    timer.expires_at(at);
    timer.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->socket != nullptr) self->fire();
    });
  }

  void fire() {
    armed_for = kNever;
    if (at == kNever) return;
    if (std::chrono::steady_clock::now() < at) return arm();
    expired = true;
    error_code ignored;
    socket->cancel(ignored);
  }

  asio::steady_timer timer;
  tcp::socket* socket;  // nullptr once the stream is gone
  Tick at = kNever;
  Tick armed_for = kNever;
  bool expired = false;
};

struct Stream::Tls {
  Tls(tcp::socket& socket, asio::ssl::context& context) : stream(socket, context) {}
  asio::ssl::stream<tcp::socket&> stream;
  std::array<char, kRecordBytes> record;  // small buffers are gathered here
};

Stream::Stream(asio::any_io_executor executor)
    : socket_(std::move(executor)), deadline_(std::make_shared<Deadline>(socket_)) {}

Stream::Stream(tcp::socket socket)
    : socket_(std::move(socket)), deadline_(std::make_shared<Deadline>(socket_)) {
  prepare();
}

Stream::~Stream() {
  deadline_->socket = nullptr;
  deadline_->timer.cancel();
}

// Replies and commands are small and each awaited: Nagle's algorithm would hold them back. A write
// goes straight to the kernel and waits only when it is full, hence non-blocking.
void Stream::prepare() {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

void Stream::expires_after(Duration duration) {
  deadline_->at = std::chrono::steady_clock::now() + duration;
  deadline_->expired = false;
  if (deadline_->at < deadline_->armed_for) deadline_->arm();
}

void Stream::expires_never() {
  deadline_->at = kNever;
  deadline_->expired = false;
}

// The deadline ends an operation by cancelling it.
error_code Stream::translate(error_code error) const {
  if (error == asio::error::operation_aborted && deadline_->expired) return timed_out();
  // A peer that closes without close_notify: the SMTP dialogue knows by itself what is missing.
  if (error == asio::ssl::error::stream_truncated) return asio::error::eof;
  return error;
}

asio::awaitable<error_code> Stream::connect(Endpoints endpoints, Duration each) {
  error_code error = asio::error::host_not_found;
  for (const tcp::endpoint& endpoint : endpoints) {
    error_code ignored;
    socket_.close(ignored);
    expires_after(each);
    auto operation = socket_.async_connect(endpoint, kAwait);
    const auto [failed] = co_await std::move(operation);
    error = translate(failed);
    if (!error) {
      expires_never();
      prepare();
      co_return error;
    }
    if (error == asio::error::operation_aborted) break;
  }
  close();
  co_return error;
}

asio::awaitable<Moved> Stream::read_some(asio::mutable_buffer buffer) {
  if (deadline_->expired) co_return timed_out();
  // Asio itself tries to read before it waits, unless the last read emptied the socket.
  if (tls_) {
    auto operation = tls_->stream.async_read_some(buffer, kAwait);
    const auto [error, bytes] = co_await std::move(operation);
    if (error) co_return translate(error);
    co_return bytes;
  }
  auto operation = socket_.async_read_some(buffer, kAwait);
  const auto [error, bytes] = co_await std::move(operation);
  if (error) co_return translate(error);
  co_return bytes;
}

asio::awaitable<error_code> Stream::write(asio::const_buffer buffer) {
  const std::span<const asio::const_buffer> one(&buffer, 1);
  co_return co_await write(one);
}

asio::awaitable<error_code> Stream::write(std::span<const asio::const_buffer> buffers) {
  if (deadline_->expired) co_return timed_out();
  if (tls_) co_return co_await write_tls(buffers);
  error_code error;
  const std::size_t written = socket_.write_some(buffers, error);
  written_bytes_ += written;
  if (error && error != asio::error::would_block) co_return error;
  if (written == asio::buffer_size(buffers)) co_return error_code();
  co_return co_await write_rest(buffers, written);
}

// The kernel was full, or there are more buffers than one sendmsg(2) takes.
asio::awaitable<error_code> Stream::write_rest(std::span<const asio::const_buffer> buffers,
                                               std::size_t skip) {
  std::array<asio::const_buffer, kBuffersAtOnce> window;
  while (!buffers.empty()) {
    if (skip >= buffers.front().size()) {
      skip -= buffers.front().size();
      buffers = buffers.subspan(1);
      continue;
    }
    const std::size_t count = std::min(buffers.size(), kBuffersAtOnce);
    std::copy_n(buffers.begin(), count, window.begin());
    window.front() += skip;
    const std::span<const asio::const_buffer> some(window.data(), count);
    auto operation = socket_.async_write_some(some, kAwait);
    const auto [error, bytes] = co_await std::move(operation);
    written_bytes_ += bytes;
    if (error) co_return translate(error);
    skip += bytes;
  }
  co_return error_code();
}

// OpenSSL makes a record of every write: many small buffers would cost a record each.
asio::awaitable<error_code> Stream::write_tls(std::span<const asio::const_buffer> buffers) {
  std::size_t next = 0;
  std::size_t offset = 0;
  while (next < buffers.size()) {
    std::size_t filled = 0;
    while (next < buffers.size() && filled < kRecordBytes) {
      const asio::const_buffer piece = buffers[next] + offset;
      const std::size_t taken = std::min(piece.size(), kRecordBytes - filled);
      std::memcpy(tls_->record.data() + filled, piece.data(), taken);
      filled += taken;
      offset += taken;
      if (offset == buffers[next].size()) {
        ++next;
        offset = 0;
      }
    }
    written_bytes_ += filled;  // of a record that fails nobody knows how much has left
    auto operation =
        asio::async_write(tls_->stream, asio::buffer(tls_->record.data(), filled), kAwait);
    const auto [error, bytes] = co_await std::move(operation);
    if (error) co_return translate(error);
  }
  co_return error_code();
}

asio::awaitable<error_code> Stream::handshake(bool is_client) {
  using Base = asio::ssl::stream_base;
  auto operation = tls_->stream.async_handshake(is_client ? Base::client : Base::server, kAwait);
  const auto [error] = co_await std::move(operation);
  const long verdict = SSL_get_verify_result(tls_->stream.native_handle());
  if (error && verdict != X509_V_OK) tls_complaint_ = X509_verify_cert_error_string(verdict);
  co_return translate(error);
}

asio::awaitable<error_code> Stream::start_tls_client(std::string host, bool verify,
                                                     asio::ssl::context& context) {
  tls_ = std::make_unique<Tls>(socket_, context);
  SSL* ssl = tls_->stream.native_handle();
  error_code is_name;
  asio::ip::make_address(host, is_name);
  // RFC 6066 section 3: literal addresses are not permitted in SNI.
  if (is_name) SSL_set_tlsext_host_name(ssl, host.c_str());
  if (is_name) SSL_set1_host(ssl, host.c_str());
  if (!is_name) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  tls_->stream.set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
  co_return co_await handshake(true);
}

asio::awaitable<error_code> Stream::start_tls_server(asio::ssl::context& context) {
  tls_ = std::make_unique<Tls>(socket_, context);
  co_return co_await handshake(false);
}

std::string Stream::tls_description() const {
  if (!tls_) return {};
  const SSL* ssl = tls_->stream.native_handle();
  return std::string(SSL_get_version(ssl)) + ' ' + SSL_get_cipher_name(ssl);
}

asio::awaitable<void> Stream::shutdown(Linger linger) {
  expires_after(kLinger);
  if (tls_) {
    auto operation = tls_->stream.async_shutdown(kAwait);
    co_await std::move(operation);
  }
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  // Closing with bytes unread, or while more are on their way, makes the kernel send RST, which may
  // overtake our last words.
  std::array<char, 4096> unread;
  const asio::mutable_buffer buffer(unread.data(), unread.size());
  while (!deadline_->expired && (linger == Linger::yes || has_input())) {
    auto operation = socket_.async_read_some(buffer, kAwait);
    const auto [error, bytes] = co_await std::move(operation);
    if (error) break;
  }
  close();
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
  expires_never();
  deadline_->armed_for = kNever;
  deadline_->timer.cancel();
}

tcp::socket Stream::release() {
  expires_never();
  return std::move(socket_);
}

bool Stream::is_open() const {
  return socket_.is_open();
}

bool Stream::has_input() {
  char byte = 0;
  error_code error;
  socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
  return error != asio::error::would_block;
}

tcp::endpoint Stream::remote_endpoint() const {
  error_code ignored;
  return socket_.remote_endpoint(ignored);
}

asio::any_io_executor Stream::executor() {
  return socket_.get_executor();
}

}  // namespace postern::net

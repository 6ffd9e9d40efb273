#pragma once
// Stream: one TCP connection, plain or TLS (RFC 3207, RFC 8314), with a deadline. smtpd reads its
// clients through it, transports/smtp its smarthosts.
//
// A Stream lives on the executor it was made with and is used from that thread only; at most one
// read and one write may be under way. Operations answer an error code and never throw: eof when
// the peer closed, timed_out when the deadline passed, operation_aborted after close(). What an
// operation refers to (stream, buffers) must live until it is awaited to its end.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clock.hpp"

namespace boost::asio::ssl {
class context;
}

namespace postern::net {

namespace asio = boost::asio;
using boost::system::error_code;

/// Bytes moved, or why none could be.
using Moved = boost::system::result<std::size_t>;
using Endpoints = std::vector<asio::ip::tcp::endpoint>;

class Stream {
 public:
  /// For connect().
  explicit Stream(asio::any_io_executor executor);
  /// An accepted socket; its executor is the stream's.
  explicit Stream(asio::ip::tcp::socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Operations that have not ended by then end with timed_out, and so do later ones until a new
  /// deadline is set. Cheap: may be called before every operation.
  void expires_after(Duration duration);
  /// No deadline; so it is at first.
  void expires_never();

  /// Tries the endpoints in turn, each for at most `each`; the last one's error if all fail.
  /// Afterwards there is no deadline.
  asio::awaitable<error_code> connect(Endpoints endpoints, Duration each);

  /// At least one byte, at most the buffer's size.
  asio::awaitable<Moved> read_some(asio::mutable_buffer buffer);

  /// All of the buffers, gathered into as few segments (or TLS records) as they fit in. After an
  /// error an unknown part was written: at most written_bytes(), counted over the stream's life,
  /// can have left.
  asio::awaitable<error_code> write(std::span<const asio::const_buffer> buffers);
  asio::awaitable<error_code> write(asio::const_buffer buffer);

  /// TLS handshakes. What the caller has read and not used yet came in plain text: throw it away.
  /// `host` is a name or an IP literal: sent as SNI (names only) and, with `verify`, checked
  /// against the certificate. The context outlives the stream.
  asio::awaitable<error_code> start_tls_client(std::string host, bool verify,
                                               asio::ssl::context& context);
  asio::awaitable<error_code> start_tls_server(asio::ssl::context& context);
  bool is_tls() const { return tls_ != nullptr; }
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS.
  std::string tls_description() const;
  /// Why the last handshake did not trust the peer ("certificate has expired"); empty: it did.
  const std::string& tls_complaint() const { return tls_complaint_; }

  /// The orderly end, so that the peer reads our last words: close_notify in TLS, FIN, what the
  /// peer has sent thrown away; close(). `linger`: what it still sends, too, until it ends: for
  /// peers who may be in the middle of a sentence. Takes 2 s at most.
  enum class Linger { no, yes };
  asio::awaitable<void> shutdown(Linger linger = Linger::no);
  /// At once. Operations under way end with operation_aborted.
  void close();
  bool is_open() const;
  /// Without TLS and with nothing under way: gives the socket away; the stream is closed then.
  asio::ip::tcp::socket release();

  /// Something has arrived, or the peer has closed: a silent idle connection answers false.
  bool has_input();
  std::uint64_t written_bytes() const { return written_bytes_; }
  /// Empty when the connection is gone.
  asio::ip::tcp::endpoint remote_endpoint() const;
  asio::any_io_executor executor();

 private:
  struct Deadline;
  struct Tls;

  void prepare();
  error_code translate(error_code error) const;
  asio::awaitable<error_code> handshake(bool is_client);
  asio::awaitable<error_code> write_rest(std::span<const asio::const_buffer> buffers,
                                         std::size_t skip);
  asio::awaitable<error_code> write_tls(std::span<const asio::const_buffer> buffers);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
  std::shared_ptr<Deadline> deadline_;
  std::uint64_t written_bytes_ = 0;
  std::string tls_complaint_;
};

}  // namespace postern::net

#pragma once
// A small HTTP/1.1 server over TCP and Unix sockets, with keep-alive and limits everywhere. Each
// request goes to one function, whose answer may come later and from another thread.
//
// Used by app/ for admin. Everything of it runs on the executor given, which must be that of a
// single-threaded io_context and outlive the server and every answer still owed. What the function
// throws becomes a 500 for that request. Malformed requests get 400 and the connection closes
// (net/http_head); RFC 9110, RFC 9112.
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"

namespace postern::net {

class HttpServer {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  struct Request {
    std::string method;  // "GET"; HEAD is handed on as GET and answered without the body
    std::string target;  // as sent, not decoded: /path?query
    Fields headers;      // names in lower case
    std::string body;
    std::string peer;  // textual address; empty: came over a Unix socket

    /// The first field of that name (lower case), or empty.
    std::string_view header(std::string_view name) const;
  };

  /// A piece of a streamed body; null: no more (fewer bytes than announced cut the connection).
  using Piece = std::shared_ptr<const std::string>;
  using NextPiece = std::function<void(std::function<void(Piece)>)>;

  struct Response {
    unsigned status = 200;
    Fields headers;  // Content-Length and Connection are the server's
    std::string body;
    // Instead of `body`: asked for the next piece when the last one is written; it may answer
    // later and from another thread.
    NextPiece next;
    std::uint64_t stream_bytes = 0;  // how many bytes all pieces have
  };

  /// Thread-safe; the first call counts. When every copy is gone without a call, 500 is answered.
  using Respond = std::function<void(Response)>;
  using Answer = std::function<void(Request, Respond)>;

  struct Settings {
    std::uint32_t max_head_bytes = 16 * 1024;           // 431 above
    std::uint64_t max_body_bytes = 64 * 1024;           // 413 above, before anything is buffered
    std::uint32_t max_connections = 100;                // a listener; more wait to be accepted
    Duration head_timeout = std::chrono::seconds{30};   // a whole head; how long keep-alive lasts
    Duration body_timeout = std::chrono::seconds{60};   // a whole body
    Duration write_timeout = std::chrono::seconds{30};  // one piece of an answer
  };

  HttpServer(boost::asio::any_io_executor executor, Settings settings, Answer answer);
  ~HttpServer();

  /// Listens on an IP literal; returns the port (chosen by the system when 0 is given). Throws
  /// boost::system::system_error.
  std::uint16_t listen_tcp(const std::string& address, std::uint16_t port);
  /// Replaces a socket an earlier run left behind; the file gets mode 0660. Throws as above.
  void listen_unix(const std::filesystem::path& path);
  /// Closes listeners and connections; answers still owed go nowhere. Thread-safe.
  void stop();

  struct Core;  // what connections share with the server

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace postern::net

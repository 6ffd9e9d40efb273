#pragma once
// One client of a net/http_server, over whatever kind of stream socket it came, and what it shares
// with the server. Everything here runs on the server's executor.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/http_server.hpp"

namespace postern::net {

namespace asio = boost::asio;

/// What a server that stops has to close.
struct Closable {
  virtual ~Closable() = default;
  virtual void close() = 0;
};

struct HttpServer::Core {
  Core(asio::any_io_executor on, Settings limits, Answer function)
      : executor(std::move(on)), settings(limits), answer(std::move(function)) {}

  asio::any_io_executor executor;
  Settings settings;
  Answer answer;
  std::map<Closable*, std::weak_ptr<Closable>> open;
  std::atomic<bool> stopped{false};
};

using HttpSocket = asio::basic_stream_socket<asio::generic::stream_protocol, asio::any_io_executor>;

/// Serves one request after the other until either side closes; then calls `ended`. `peer`: for
/// HttpServer::Request.
void start_connection(std::shared_ptr<HttpServer::Core> core, HttpSocket socket, std::string peer,
                      std::function<void()> ended);

}  // namespace postern::net

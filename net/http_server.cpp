#include "net/http_server.hpp"

#include <sys/stat.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/http_server_connection.hpp"

namespace postern::net {
namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};  // no descriptors left: no busy loop

std::string peer_of(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string("unknown") : endpoint.address().to_string();
}
std::string peer_of(const asio::local::stream_protocol::socket&) {
  return {};
}

template <class Protocol>
class Listener final : public Closable, public std::enable_shared_from_this<Listener<Protocol>> {
 public:
  using Acceptor = asio::basic_socket_acceptor<Protocol, asio::any_io_executor>;

  Listener(std::shared_ptr<HttpServer::Core> core, Acceptor acceptor)
      : core_(std::move(core)), acceptor_(std::move(acceptor)), pause_(core_->executor) {}
  ~Listener() override { core_->open.erase(this); }

  void start() {
    core_->open.emplace(this, this->weak_from_this());
    accept();
  }
  void close() override {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void accept() {
    if (core_->stopped || accepting_ || connections_ >= core_->settings.max_connections) return;
    accepting_ = true;
    acceptor_.async_accept(
        [self = this->shared_from_this()](error_code error, typename Protocol::socket socket) {
          self->accepting_ = false;
          if (error && self->acceptor_.is_open()) return self->accept_later();
          if (error) return;
          ++self->connections_;
          std::string peer = peer_of(socket);
          start_connection(self->core_, std::move(socket), std::move(peer), [self] {
            --self->connections_;
            self->accept();
          });
          self->accept();
        });
  }

  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = this->shared_from_this()](error_code error) {
      if (!error) self->accept();
    });
  }

  std::shared_ptr<HttpServer::Core> core_;
  Acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint32_t connections_ = 0;
  bool accepting_ = false;
};

template <class Protocol>
void start_listener(const std::shared_ptr<HttpServer::Core>& core,
                    asio::basic_socket_acceptor<Protocol, asio::any_io_executor> acceptor) {
  auto listener = std::make_shared<Listener<Protocol>>(core, std::move(acceptor));
  asio::post(core->executor, [listener = std::move(listener)] { listener->start(); });
}

}  // namespace

HttpServer::HttpServer(asio::any_io_executor executor, Settings settings, Answer answer)
    : core_(std::make_shared<Core>(std::move(executor), settings, std::move(answer))) {}

HttpServer::~HttpServer() {
  stop();
}

std::uint16_t HttpServer::listen_tcp(const std::string& address, std::uint16_t port) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), port);
  asio::basic_socket_acceptor<asio::ip::tcp, asio::any_io_executor> acceptor(core_->executor,
                                                                             endpoint);
  const std::uint16_t bound = acceptor.local_endpoint().port();
  start_listener(core_, std::move(acceptor));
  return bound;
}

void HttpServer::listen_unix(const std::filesystem::path& path) {
  // Only a socket is replaced: whatever else has the name was not ours.
  if (std::filesystem::is_socket(path)) std::filesystem::remove(path);
  asio::basic_socket_acceptor<asio::local::stream_protocol, asio::any_io_executor> acceptor(
      core_->executor);
  acceptor.open();
  acceptor.bind(path.string());
  // Nobody can connect before listen(), so the mode is right from the first connection on.
  if (::chmod(path.c_str(), 0660) != 0)
    throw boost::system::system_error(errno, boost::system::system_category(),
                                      "chmod " + path.string());
  acceptor.listen();
  start_listener(core_, std::move(acceptor));
}

void HttpServer::stop() {
  core_->stopped = true;  // at once: nothing new begins even if the executor never runs again
  asio::dispatch(core_->executor, [core = core_] {
    std::vector<std::shared_ptr<Closable>> closing;  // closing may change the map
    for (const auto& [key, weak] : core->open)
      if (auto alive = weak.lock()) closing.push_back(std::move(alive));
    for (const auto& one : closing) one->close();
  });
}

}  // namespace postern::net

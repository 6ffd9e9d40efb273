#include "net/http_server.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <optional>

#include "core/log.hpp"
#include "core/text.hpp"
#include "net/http_head.hpp"

namespace postern::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 8 * 1024;
// Of a refused request: reading on lets the client see our answer instead of a reset.
constexpr std::size_t kMaxDiscardBytes = 1024 * 1024;
constexpr std::chrono::seconds kLinger{5};
constexpr std::chrono::milliseconds kAcceptPause{100};  // no descriptors left: no busy loop

std::string peer_of(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string("unknown") : endpoint.address().to_string();
}
std::string peer_of(const asio::local::stream_protocol::socket&) {
  return {};
}

/// A value somebody owes to a connection: handed over once, on the connection's thread, whichever
/// thread it comes from; also when everybody forgot it.
template <class Value>
class Owed {
 public:
  Owed(asio::any_io_executor executor, std::function<void(Value)> receive, Value when_forgotten)
      : executor_(std::move(executor)),
        receive_(std::move(receive)),
        when_forgotten_(std::move(when_forgotten)) {}
  Owed(const Owed&) = delete;
  Owed& operator=(const Owed&) = delete;
  ~Owed() { pay(std::move(when_forgotten_)); }

  // The connection goes along with the value: were it kept here, it could end on a foreign thread.
  void pay(Value value) {
    if (paid_.exchange(true)) return;
    asio::post(executor_, [receive = std::move(receive_), value = std::move(value)]() mutable {
      receive(std::move(value));
    });
  }

 private:
  asio::any_io_executor executor_;
  std::function<void(Value)> receive_;
  Value when_forgotten_;
  std::atomic<bool> paid_{false};
};

/// RFC 9457. `sentence`: ours, with nothing to escape.
HttpServer::Response problem(unsigned status, const std::string& sentence) {
  const std::string title(http::obsolete_reason(http::int_to_status(status)));
  return {status,
          {{"Content-Type", "application/problem+json"}},
          R"({"type":"about:blank","title":")" + title + R"(","status":)" + std::to_string(status) +
              R"(,"detail":")" + sentence + "\"}\n",
          {},
          0};
}

struct Closable {
  virtual ~Closable() = default;
  virtual void close() = 0;
};

}  // namespace

struct HttpServer::Core {
  Core(asio::any_io_executor on, Settings limits, Answer function)
      : executor(std::move(on)), settings(limits), answer(std::move(function)) {}

  asio::any_io_executor executor;
  Settings settings;
  Answer answer;
  std::map<Closable*, std::weak_ptr<Closable>> open;
  std::atomic<bool> stopped{false};
};

namespace {

/// One client: read a head, read a body, ask, write, again. One step is under way at a time.
template <class Protocol>
class Connection final : public Closable,
                         public std::enable_shared_from_this<Connection<Protocol>> {
 public:
  using Socket = asio::basic_stream_socket<Protocol, asio::any_io_executor>;

  Connection(std::shared_ptr<HttpServer::Core> core, Socket socket, std::function<void()> ended)
      : core_(std::move(core)),
        peer_(peer_of(socket)),
        stream_(std::move(socket)),
        ended_(std::move(ended)) {}
  ~Connection() override {
    core_->open.erase(this);
    ended_();
  }

  void start() {
    core_->open.emplace(this, this->weak_from_this());
    read_head();
  }
  void close() override { stream_.close(); }

 private:
  // Runs `step` when the operation worked; otherwise the connection just ends.
  auto then(void (Connection::*step)()) {
    return [self = this->shared_from_this(), step](error_code error, std::size_t) {
      if (!error) ((*self).*step)();
    };
  }

  void read_head() {
    stream_.expires_after(core_->settings.head_timeout);
    parser_.emplace();
    parser_->body_limit(core_->settings.max_body_bytes);
    parser_->header_limit(core_->settings.max_head_bytes + kReadBytes);
    judge_head();
  }

  void judge_head() {
    const auto bytes = buffer_.data();
    const HeadCheck head = check_head({static_cast<const char*>(bytes.data()), bytes.size()});
    if (head.verdict == HeadCheck::Verdict::malformed) return refuse(400, "Malformed request.");
    if (std::max(head.bytes, head.bytes == 0 ? bytes.size() : 0) > core_->settings.max_head_bytes)
      return refuse(431, "The request head is too large.");
    if (head.verdict == HeadCheck::Verdict::whole) return parse_head();
    stream_.async_read_some(
        buffer_.prepare(kReadBytes),
        [self = this->shared_from_this()](error_code error, std::size_t bytes_read) {
          self->buffer_.commit(bytes_read);
          if (!error) self->judge_head();
        });
  }

  void parse_head() {
    error_code error;
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == http::error::body_limit) return refuse(413, "The body is too large.");
    if (error) return refuse(400, "Malformed request.");
    const auto& head = parser_->get();
    request_ = {std::string(head.method_string()), std::string(head.target()), {}, {}, peer_};
    // Copied before the body is read: a trailer must not pass for a header.
    for (const auto& field : head)
      request_.headers.emplace_back(to_lower(std::string_view(field.name_string())), field.value());
    head_only_ = request_.method == "HEAD";
    if (head_only_) request_.method = "GET";
    stream_.expires_after(core_->settings.body_timeout);
    if (!iequals(request_.header("expect"), "100-continue")) return read_body();
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue), then(&Connection::read_body));
  }

  void read_body() {
    http::async_read(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](error_code error, std::size_t) {
          if (error == http::error::body_limit) return self->refuse(413, "The body is too large.");
          if (error.category() == http::make_error_code(http::error::bad_chunk).category() &&
              error != http::error::partial_message)
            return self->refuse(400, "Malformed request.");
          if (!error) self->ask();
        });
  }

  void ask() {
    stream_.expires_never();
    keep_alive_ = parser_->keep_alive();
    request_.body = std::move(parser_->get().body());
    auto owed = std::make_shared<Owed<HttpServer::Response>>(
        core_->executor,
        [self = this->shared_from_this()](HttpServer::Response r) { self->write(std::move(r)); },
        problem(500, "The request was not answered."));
    try {
      core_->answer(std::move(request_),
                    [owed](HttpServer::Response r) { owed->pay(std::move(r)); });
    } catch (const std::exception& broken) {
      log::event(log::Level::error, {}, "request-failed", {{"reason", broken.what()}});
      owed->pay(problem(500, "Something broke; the log says what."));
    }
  }

  void refuse(unsigned status, const char* sentence) {
    keep_alive_ = head_only_ = false;
    discard_ = true;
    write(problem(status, sentence));
  }

  void write(HttpServer::Response response) {
    if (core_->stopped) return;
    out_.emplace();
    out_->version(11);
    out_->result(response.status);
    for (const auto& [name, value] : response.headers) out_->set(name, value);
    out_->keep_alive(keep_alive_);
    left_bytes_ = response.next ? response.stream_bytes : 0;
    next_ = head_only_ ? nullptr : std::move(response.next);
    out_->content_length(next_ || left_bytes_ ? left_bytes_ : response.body.size());
    if (!head_only_) out_->body() = std::move(response.body);
    if (head_only_) left_bytes_ = 0;
    serializer_.emplace(*out_);
    stream_.expires_after(core_->settings.write_timeout);
    if (next_ || head_only_) {
      http::async_write_header(stream_, *serializer_, then(&Connection::write_piece));
    } else {
      http::async_write(stream_, *serializer_, then(&Connection::answered));
    }
  }

  void write_piece() {
    if (left_bytes_ == 0) return answered();
    stream_.expires_never();
    auto owed = std::make_shared<Owed<HttpServer::Piece>>(
        core_->executor,
        [self = this->shared_from_this()](const HttpServer::Piece& p) { self->take_piece(p); },
        nullptr);
    next_([owed](HttpServer::Piece piece) { owed->pay(std::move(piece)); });
  }

  void take_piece(const HttpServer::Piece& piece) {
    // Too few or too many bytes: only a cut connection tells the client.
    if (core_->stopped || !piece || piece->empty() || piece->size() > left_bytes_) return;
    left_bytes_ -= piece->size();
    stream_.expires_after(core_->settings.write_timeout);
    asio::async_write(stream_, asio::buffer(*piece),
                      [self = this->shared_from_this(), piece](error_code error, std::size_t) {
                        if (!error) self->write_piece();
                      });
  }

  void answered() {
    next_ = nullptr;
    if (keep_alive_) return read_head();
    error_code ignored;
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
    if (!discard_) return;
    stream_.expires_after(kLinger);
    discard(kMaxDiscardBytes);
  }

  void discard(std::size_t left) {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes), [self = this->shared_from_this(), left](
                                                             error_code error, std::size_t bytes) {
      if (!error && bytes < left) self->discard(left - bytes);
    });
  }

  std::shared_ptr<HttpServer::Core> core_;
  std::string peer_;
  beast::basic_stream<Protocol, asio::any_io_executor> stream_;
  std::function<void()> ended_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpServer::Request request_;
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool discard_ = false;
  std::optional<http::response<http::string_body>> out_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  HttpServer::NextPiece next_;
  std::uint64_t left_bytes_ = 0;
};

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
    acceptor_.async_accept([self = this->shared_from_this()](
                               error_code error, typename Connection<Protocol>::Socket socket) {
      self->accepting_ = false;
      if (error && self->acceptor_.is_open()) return self->accept_later();
      if (error) return;
      ++self->connections_;
      std::make_shared<Connection<Protocol>>(self->core_, std::move(socket), [self] {
        --self->connections_;
        self->accept();
      })->start();
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

std::string_view HttpServer::Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

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

#include "net/http_server_connection.hpp"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "core/log.hpp"
#include "core/text.hpp"
#include "net/http_head.hpp"
#include "net/owed.hpp"

namespace postern::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 8 * 1024;
// Of a refused request: reading on lets the client see our answer instead of a reset.
constexpr std::size_t kMaxDiscardBytes = 1024 * 1024;
constexpr std::chrono::seconds kLinger{5};

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

/// One client: read a head, read a body, ask, write, again. One step is under way at a time.
class Connection final : public Closable, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<HttpServer::Core> core, HttpSocket socket, std::string peer,
             std::function<void()> ended)
      : core_(std::move(core)),
        peer_(std::move(peer)),
        stream_(std::move(socket)),
        ended_(std::move(ended)) {}
  ~Connection() override {
    core_->open.erase(this);
    ended_();
  }

  void start() {
    core_->open.emplace(this, weak_from_this());
    read_head();
  }
  void close() override { stream_.close(); }

 private:
  // Runs `step` when the operation worked; otherwise the connection just ends.
  auto then(void (Connection::*step)()) {
    return [self = shared_from_this(), step](error_code error, std::size_t) {
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
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this()](error_code error, std::size_t bytes_read) {
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
        stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
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
        [self = shared_from_this()](HttpServer::Response r) { self->write(std::move(r)); },
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
        [self = shared_from_this()](const HttpServer::Piece& p) { self->take_piece(p); }, nullptr);
    next_([owed](HttpServer::Piece piece) { owed->pay(std::move(piece)); });
  }

  void take_piece(const HttpServer::Piece& piece) {
    // Too few or too many bytes: only a cut connection tells the client.
    if (core_->stopped || !piece || piece->empty() || piece->size() > left_bytes_) return;
    left_bytes_ -= piece->size();
    stream_.expires_after(core_->settings.write_timeout);
    asio::async_write(stream_, asio::buffer(*piece),
                      [self = shared_from_this(), piece](error_code error, std::size_t) {
                        if (!error) self->write_piece();
                      });
  }

  void answered() {
    next_ = nullptr;
    if (keep_alive_) return read_head();
    error_code ignored;
    stream_.socket().shutdown(HttpSocket::shutdown_send, ignored);
    if (!discard_) return;
    stream_.expires_after(kLinger);
    discard(kMaxDiscardBytes);
  }

  void discard(std::size_t left) {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = shared_from_this(), left](error_code error, std::size_t bytes) {
                              if (!error && bytes < left) self->discard(left - bytes);
                            });
  }

  std::shared_ptr<HttpServer::Core> core_;
  std::string peer_;
  beast::basic_stream<asio::generic::stream_protocol, asio::any_io_executor> stream_;
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

}  // namespace

std::string_view HttpServer::Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

void start_connection(std::shared_ptr<HttpServer::Core> core, HttpSocket socket, std::string peer,
                      std::function<void()> ended) {
  std::make_shared<Connection>(std::move(core), std::move(socket), std::move(peer),
                               std::move(ended))
      ->start();
}

}  // namespace postern::net

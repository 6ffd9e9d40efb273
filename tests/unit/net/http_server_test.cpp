#include "net/http_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/support/temporary_directory.hpp"

namespace postern::net {
namespace {

namespace asio = boost::asio;
using Request = HttpServer::Request;
using Respond = HttpServer::Respond;
using Response = HttpServer::Response;
using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

/// What the server itself says (RFC 9457).
std::string problem(int status, const std::string& title, const std::string& detail) {
  return R"({"type":"about:blank","title":")" + title + R"(","status":)" + std::to_string(status) +
         R"(,"detail":")" + detail + "\"}\n";
}

Response text(std::string body) {
  Response response;
  response.body = std::move(body);
  return response;
}

/// A server on a thread of its own, and raw bytes to it.
class HttpServerTest : public ::testing::Test {
 protected:
  void TearDown() override {
    server_.reset();
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

  void serve(HttpServer::Answer answer) {
    server_ = std::make_unique<HttpServer>(io_.get_executor(), settings_,
                                           [this, answer](Request r, Respond respond) {
                                             ++requests_;
                                             answer(std::move(r), std::move(respond));
                                           });
    port_ = server_->listen_tcp("127.0.0.1", 0);
    thread_ = std::thread([this] { io_.run(); });
  }
  void serve_echo() {
    serve([](const Request& request, const Respond& respond) {
      respond(text(request.method + " " + request.target + " " + request.body));
    });
  }

  asio::ip::tcp::socket connect() {
    asio::ip::tcp::socket socket(client_);
    socket.connect({asio::ip::make_address("127.0.0.1"), port_});
    return socket;
  }
  template <class Socket>
  static std::string read_all(Socket& socket) {
    std::string received;
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(received), end);
    return received;
  }
  template <class Socket>
  static std::string exchange(Socket socket, const std::string& bytes) {
    boost::system::error_code closed_early;
    asio::write(socket, asio::buffer(bytes), closed_early);
    socket.shutdown(Socket::shutdown_send, closed_early);
    return read_all(socket);
  }
  std::string exchange(const std::string& bytes) { return exchange(connect(), bytes); }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::io_context client_;
  HttpServer::Settings settings_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

const std::string kGet = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";

AssertionResult is_answer(const std::string& received, const std::string& status,
                          const std::string& body) {
  if (!received.starts_with("HTTP/1.1 " + status)) return AssertionFailure() << received;
  if (!received.ends_with("\r\n\r\n" + body)) return AssertionFailure() << received;
  return AssertionSuccess();
}

TEST_F(HttpServerTest, HandsOnRequestAndPeer) {
  std::promise<Request> seen;
  serve([&](Request request, const Respond& respond) {
    seen.set_value(std::move(request));
    respond(text("ok"));
  });
  EXPECT_TRUE(is_answer(
      exchange("POST /p?q=1 HTTP/1.1\r\nHost: h\r\nX-Thing: V\r\nContent-Length: 4\r\n\r\nbody"),
      "200", "ok"));
  const Request request = seen.get_future().get();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/p?q=1");
  EXPECT_EQ(request.header("x-thing"), "V");
  EXPECT_EQ(request.body, "body");
  EXPECT_EQ(request.peer, "127.0.0.1");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  serve_echo();
  const std::string received = exchange(kGet + "GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_LT(received.find("GET /a?b"), received.find("GET /second"));
  EXPECT_EQ(requests_, 2);
}

TEST_F(HttpServerTest, ClosesWhenAskedTo) {
  serve_echo();
  auto socket = connect();
  asio::write(socket,
              asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  EXPECT_NE(read_all(socket).find("Connection: close"), std::string::npos);
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
  serve_echo();
  EXPECT_TRUE(is_answer(exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
                        "200", "POST / abcde"));
}

TEST_F(HttpServerTest, AsksForTheBodyOfWhoExpectsIt) {
  serve_echo();
  const auto received =
      exchange("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nz");
  EXPECT_TRUE(received.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")) << received;
}

TEST_F(HttpServerTest, RefusesMalformedRequestsAndCloses) {
  serve_echo();
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& bytes :
       {std::string("nonsense\r\n\r\n"), std::string("GET /\r\nHost: x\r\n\r\n"),
        "GET / HTTP/1.1\nHost: x\n\n" + kGet,
        head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kGet,
        head + "Bad Name: x\r\n\r\n" + kGet,
        head + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n" + kGet,
        head + "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n" + kGet,
        head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n" + kGet}) {
    const std::string received = exchange(bytes);
    EXPECT_TRUE(is_answer(received, "400", problem(400, "Bad Request", "Malformed request.")))
        << bytes;
    EXPECT_NE(received.find("Connection: close"), std::string::npos);
  }
  EXPECT_EQ(requests_, 0);
}

TEST_F(HttpServerTest, RefusesALargeBodyBeforeItComes) {
  settings_.max_body_bytes = 10;
  serve_echo();
  EXPECT_TRUE(is_answer(exchange("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"), "413",
                        problem(413, "Payload Too Large", "The body is too large.")));
  EXPECT_TRUE(
      is_answer(exchange("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n"),
                "413", problem(413, "Payload Too Large", "The body is too large.")));
  EXPECT_EQ(requests_, 0);
}

TEST_F(HttpServerTest, RefusesALargeHead) {
  settings_.max_head_bytes = 1000;
  serve_echo();
  EXPECT_TRUE(
      is_answer(exchange("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(1000, 'y')), "431",
                problem(431, "Request Header Fields Too Large", "The request head is too large.")));
}

TEST_F(HttpServerTest, ClosesOnASlowHead) {
  settings_.head_timeout = std::chrono::milliseconds(50);
  serve_echo();
  auto socket = connect();
  asio::write(socket, asio::buffer(std::string("GET / HT")));
  EXPECT_EQ(read_all(socket), "");
}

TEST_F(HttpServerTest, TurnsAnExceptionInto500) {
  serve([](const Request&, const Respond&) { throw std::runtime_error("broken"); });
  EXPECT_TRUE(
      is_answer(exchange(kGet), "500",
                problem(500, "Internal Server Error", "Something broke; the log says what.")));
}

TEST_F(HttpServerTest, TurnsAForgottenRequestInto500) {
  serve([](const Request&, const Respond&) {});
  EXPECT_TRUE(is_answer(exchange(kGet), "500",
                        problem(500, "Internal Server Error", "The request was not answered.")));
}

TEST_F(HttpServerTest, TakesOnlyTheFirstAnswerAlsoFromAnotherThread) {
  std::thread late;
  serve([&](const Request&, Respond respond) {
    late = std::thread([respond = std::move(respond)] {
      respond(text("first"));
      respond(text("second"));
    });
  });
  EXPECT_TRUE(is_answer(exchange(kGet), "200", "first"));
  late.join();
}

Response stream_of(std::vector<std::string> pieces, std::uint64_t announced) {
  Response response;
  response.stream_bytes = announced;
  auto left = std::make_shared<std::vector<std::string>>(pieces.rbegin(), pieces.rend());
  response.next = [left](const auto& done) {
    HttpServer::Piece piece;
    if (!left->empty()) piece = std::make_shared<const std::string>(left->back());
    if (!left->empty()) left->pop_back();
    std::thread([done, piece] { done(piece); }).join();
  };
  return response;
}

TEST_F(HttpServerTest, StreamsPieces) {
  serve([](const Request&, const Respond& respond) { respond(stream_of({"one ", "two"}, 7)); });
  const std::string received = exchange(kGet + kGet);
  EXPECT_TRUE(is_answer(received, "200", "one two"));
  EXPECT_EQ(requests_, 2) << "the connection goes on after a stream";
}

TEST_F(HttpServerTest, CutsAStreamThatEndsEarlyOrRunsOver) {
  serve([this](const Request&, const Respond& respond) {
    respond(stream_of({"one ", "two"}, requests_ == 1 ? 9 : 5));
  });
  EXPECT_TRUE(exchange(kGet + kGet).ends_with("one two"));
  EXPECT_EQ(requests_, 1);
  EXPECT_TRUE(exchange(kGet).ends_with("one "));
}

TEST_F(HttpServerTest, AnswersHeadWithoutTheBody) {
  serve_echo();
  const std::string received = exchange("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(is_answer(received, "200", ""));
  EXPECT_NE(received.find("Content-Length: 7\r\n"), std::string::npos) << received;
}

TEST_F(HttpServerTest, LetsFurtherConnectionsWait) {
  settings_.max_connections = 1;
  serve_echo();
  auto first = std::make_unique<asio::ip::tcp::socket>(connect());
  asio::write(*first, asio::buffer(kGet));
  char byte = 0;
  asio::read(*first, asio::buffer(&byte, 1));
  auto second = connect();
  asio::write(second, asio::buffer(kGet));
  second.shutdown(asio::ip::tcp::socket::shutdown_send);
  EXPECT_EQ(requests_, 1);
  first.reset();
  EXPECT_TRUE(is_answer(read_all(second), "200", "GET /a?b "));
}

TEST_F(HttpServerTest, StopEndsIdleConnections) {
  serve_echo();
  auto socket = connect();
  asio::write(socket, asio::buffer(kGet));
  char byte = 0;
  asio::read(socket, asio::buffer(&byte, 1));
  server_->stop();
  read_all(socket);
  boost::system::error_code refused;
  asio::ip::tcp::socket late(client_);
  late.connect({asio::ip::make_address("127.0.0.1"), port_}, refused);
  EXPECT_TRUE(refused);
}

TEST_F(HttpServerTest, ServesAUnixSocketForItsGroupOnly) {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "admin.sock";
  serve([](const Request& request, const Respond& respond) {
    respond(text("peer[" + request.peer + "]"));
  });
  server_->listen_unix(path);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0660));
  asio::local::stream_protocol::socket socket(client_);
  socket.connect(path.string());
  EXPECT_TRUE(is_answer(exchange(std::move(socket), kGet), "200", "peer[]"));
}

TEST_F(HttpServerTest, ReplacesAnOldSocketButNoOtherFile) {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "admin.sock";
  serve_echo();
  server_->listen_unix(path);
  EXPECT_NO_THROW(server_->listen_unix(path));
  const auto file = directory.path() / "precious";
  std::ofstream(file) << "data";
  EXPECT_THROW(server_->listen_unix(file), boost::system::system_error);
  EXPECT_EQ(std::filesystem::file_size(file), 4U);
}

}  // namespace
}  // namespace postern::net

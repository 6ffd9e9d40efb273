#include "cli/api_client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/failure.hpp"
#include "net/http_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::cli {
namespace {

using net::HttpServer;

/// A daemon's door: answers every request with what it was and the status asked for.
class ApiClientTest : public ::testing::Test {
 protected:
  ApiClientTest()
      : server_(io_.get_executor(), {},
                [this](const HttpServer::Request& request, const HttpServer::Respond& respond) {
                  HttpServer::Response response;
                  response.status = status_;
                  response.body = status_ == 200 ? told(request) : body_;
                  respond(std::move(response));
                }) {
    server_.listen_unix(socket_);
    port_ = server_.listen_tcp("127.0.0.1", 0);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~ApiClientTest() override {
    server_.stop();
    work_.reset();
    thread_.join();
  }

  /// The request line, then the fields that matter.
  static std::string told(const HttpServer::Request& request) {
    std::string line = request.method + " " + request.target;
    for (const char* name : {"authorization", "content-type"})
      if (const auto value = request.header(name); !value.empty()) line += " " + std::string(value);
    return line;
  }

  ExitStatus failure_of(unsigned http_status, const std::string& body = {}) {
    status_ = http_status;
    body_ = body;
    try {
      client_.get({"stats"}, {});
    } catch (const Failure& failure) {
      sentence_ = failure.what();
      return failure.status();
    }
    return kDone;
  }

  testing::TemporaryDirectory directory_;
  std::filesystem::path socket_ = directory_.path() / "admin.sock";
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(io_);
  unsigned status_ = 200;
  std::string body_;
  HttpServer server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  ApiClient client_{Place{socket_, "", Secret()}};
  std::string sentence_;
};

TEST_F(ApiClientTest, SpeaksOverTheSocketAndEncodes) {
  EXPECT_EQ(client_.get({"messages", "A/B"}, {{"recipient", "a+b@x&y"}}),
            "GET /api/v1/messages/A%2FB?recipient=a%2Bb%40x%26y");
  EXPECT_EQ(client_.post({"messages", "retry"}, {{"all", "true"}, {"reason", "ü"}}),
            "POST /api/v1/messages/retry?all=true&reason=%C3%BC application/json")
      << "a form would be refused as a browser's";
}

TEST_F(ApiClientTest, SendsTheTokenOverTcpOnly) {
  const std::string url = "http://127.0.0.1:" + std::to_string(port_);
  EXPECT_EQ(ApiClient(Place{"", url, Secret("t0ken")}).get({"stats"}, {}),
            "GET /api/v1/stats Bearer t0ken");
  EXPECT_EQ(ApiClient(Place{socket_, "", Secret("t0ken")}).get({"stats"}, {}), "GET /api/v1/stats");
}

TEST_F(ApiClientTest, TurnsProblemsIntoExitStatuses) {
  EXPECT_EQ(failure_of(400), kUsage);
  EXPECT_EQ(failure_of(401), kFailed);
  EXPECT_EQ(failure_of(409), kFailed);
  EXPECT_EQ(failure_of(429), kTryLater);
  EXPECT_EQ(failure_of(503), kTryLater);
  EXPECT_EQ(failure_of(404, R"({"detail":"no such message id: X"})"), kFailed);
  EXPECT_EQ(sentence_, "no such message id: X");
  EXPECT_EQ(failure_of(404, "<html>"), kFailed);
  EXPECT_EQ(sentence_, "The daemon answered with HTTP status 404.");
}

TEST_F(ApiClientTest, SaysWhenTheDaemonIsStuck) {
  boost::asio::io_context context;
  const auto path = directory_.path() / "stuck.sock";
  const boost::asio::local::stream_protocol::acceptor mute(context, path.string());
  try {
    ApiClient(Place{path, "", Secret()}, std::chrono::milliseconds(100)).get({"stats"}, {});
    FAIL() << "no failure";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), kTryLater);
    EXPECT_EQ(std::string(failure.what()), "The daemon at " + path.string() +
                                               " took the request but does not answer; it is "
                                               "stuck or overloaded, and its log may say why.");
  }
}

TEST_F(ApiClientTest, SaysWhenNobodyIsThere) {
  for (const Place& place : {Place{directory_.path() / "none.sock", "", Secret()},
                             Place{"", "http://127.0.0.1:1", Secret()}}) {
    try {
      ApiClient(place).get({"stats"}, {});
      FAIL() << "no failure";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), kNoDaemon);
      const std::string said = failure.what();
      EXPECT_TRUE(said.starts_with("No daemon answers at ")) << said;
      EXPECT_TRUE(said.ends_with("; is \"postern serve\" running?")) << said;
      EXPECT_EQ(said.find("localhost"), std::string::npos) << said;
    }
  }
}

}  // namespace
}  // namespace postern::cli

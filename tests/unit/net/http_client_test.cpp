#include <gtest/gtest.h>

#include <thread>

#include "core/crypto.hpp"
#include "net/curl_http_client.hpp"
#include "tests/support/scripted_mailgun.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::net {
namespace {

using namespace std::chrono_literals;
using testing::ask;
using testing::ScriptedMailgun;

// Content in many chunks, as the store gives it; a chunk can be made to fail.
class ChunkedContent final : public Content {
 public:
  ChunkedContent(std::uint32_t chunks, std::size_t chunk_bytes, std::uint32_t broken = ~0U)
      : chunks_(chunks), chunk_bytes_(chunk_bytes), broken_(broken) {}
  std::uint32_t chunks() const override { return chunks_; }
  std::uint64_t size_bytes() const override { return chunks_ * chunk_bytes_; }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    if (index == broken_) throw std::runtime_error("disk on fire");
    std::string bytes(chunk_bytes_, static_cast<char>('a' + index % 26));
    bytes[0] = '\0';
    return std::make_shared<const std::string>(std::move(bytes));
  }

 private:
  std::uint32_t chunks_;
  std::size_t chunk_bytes_;
  std::uint32_t broken_;
};

std::shared_ptr<const Content> mail() {
  return std::make_shared<MemoryContent>("Message-ID: <1@x.com>\r\n\r\nhello\r\n");
}
std::shared_ptr<const Content> large_mail() {
  return std::make_shared<ChunkedContent>(100, Content::kChunkBytes);
}

std::string digest(const Content& content) {
  crypto::Sha256 hash;
  for (std::uint32_t i = 0; i < content.chunks(); ++i) hash.update(*content.chunk(i));
  return crypto::to_hex(hash.finish());
}

// Of a call that succeeds; how fast the machine is, is not what these tests ask.
constexpr Duration kPatience = 10min;

class HttpClientTest : public ::testing::Test {
 protected:
  HttpRequest posting(std::shared_ptr<const Content> content, Duration timeout = kPatience) {
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = server.url() + "/v3/x.com/messages.mime";
    request.user = "api";
    request.password = Secret(ScriptedMailgun::kKey);
    request.form = {{"to", "a@y.com"}, {"to", "b@y.com"}};
    request.file = FilePart{"message", "message.eml", "message/rfc822", std::move(content)};
    request.timeout = timeout;
    return request;
  }
  HttpResponse post(std::shared_ptr<const Content> content, Duration timeout = kPatience) {
    return ask(http, posting(std::move(content), timeout));
  }
  static ScriptedMailgun server;
  CurlHttpClient http{{}};

  void SetUp() override { server.reset(); }
};

ScriptedMailgun HttpClientTest::server;

TEST_F(HttpClientTest, PostsFormAndFileAndReadsTheAnswer) {
  const HttpResponse response = post(mail());
  EXPECT_EQ(response.failure, HttpFailure::none) << response.failure_text;
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"id": "<1@x.com>", "message": "Queued. Thank you."})");
  EXPECT_EQ(response.sent, BodySent::whole);
}

TEST_F(HttpClientTest, SendsChunkedContentByteForByte) {
  const auto content = large_mail();
  ASSERT_EQ(post(content).status, 200);
  EXPECT_NE(server.received().find(digest(*content)), std::string::npos);
}

TEST_F(HttpClientTest, GivesRetryAfterAndTheBodyOfAnError) {
  server.script(
      R"({"steps": [{"status": 429, "body": "slow down", "headers": {"retry-AFTER": " 17 "}}]})");
  const HttpResponse response = post(mail());
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.retry_after, "17");
  EXPECT_EQ(response.body, "slow down");
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  server.script(
      R"({"steps": [{"status": 307, "headers": {"Location": "/v3/x.com/messages.mime"}}]})");
  EXPECT_EQ(post(mail()).status, 307);
}

TEST_F(HttpClientTest, KeepsTheConnection) {
  ASSERT_EQ(post(mail()).status, 200);
  const int connections = server.count("connections");
  for (int i = 0; i < 5; ++i) ASSERT_EQ(post(mail()).status, 200);
  EXPECT_EQ(server.count("connections"), connections);
}

TEST_F(HttpClientTest, ServesManyAtOnce) {
  std::atomic<int> done = 0;
  std::atomic<int> good = 0;
  for (int i = 0; i < 200; ++i)
    http.request(posting(mail(), 30s), [&](const HttpResponse& response) {
      good += response.status == 200;
      ++done;
      done.notify_one();
    });
  for (int seen = 0; seen < 200; seen = done) done.wait(seen);
  EXPECT_EQ(good, 200);
}

TEST_F(HttpClientTest, SaysThatNothingWasSentWhenNobodyListens) {
  HttpRequest request = posting(mail());
  request.url = "http://127.0.0.1:1/";
  const HttpResponse response = ask(http, std::move(request));
  EXPECT_EQ(response.failure, HttpFailure::connect);
  EXPECT_EQ(response.sent, BodySent::nothing);
  EXPECT_EQ(response.status, 0);
  EXPECT_NE(response.failure_text, "");
}

TEST_F(HttpClientTest, SaysThatNothingWasSentWhenTheUrlIsNone) {
  HttpRequest request = posting(mail());
  request.url = "http://:99999/";
  const HttpResponse response = ask(http, std::move(request));
  EXPECT_EQ(response.failure, HttpFailure::request);
  EXPECT_EQ(response.sent, BodySent::nothing);
}

TEST_F(HttpClientTest, SpeaksOnlyHttp) {
  HttpRequest request;
  request.url = "file:///etc/passwd";
  const HttpResponse response = ask(http, std::move(request));
  EXPECT_NE(response.failure, HttpFailure::none);
  EXPECT_EQ(response.body, "");
}

TEST_F(HttpClientTest, TrustsOnlyVerifiedCertificates) {
  const testing::TemporaryDirectory directory;
  const std::string cert = directory.path() / "cert.pem";
  const std::string key = directory.path() / "key.pem";
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
      "-subj /CN=other.example -addext subjectAltName=DNS:other.example -keyout " +
      key + " -out " + cert + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  ScriptedMailgun tls_server({"--tls", cert, key});
  HttpRequest request = posting(mail());
  request.url = "https://" + tls_server.authority() + "/v3/x.com/messages.mime";
  const HttpResponse unknown_issuer = ask(http, request);
  EXPECT_EQ(unknown_issuer.failure, HttpFailure::tls);
  EXPECT_EQ(unknown_issuer.sent, BodySent::nothing);
  CurlHttpClient trusting({.ca_file = cert});
  const HttpResponse wrong_name = ask(trusting, request);
  EXPECT_EQ(wrong_name.failure, HttpFailure::tls);
  EXPECT_EQ(wrong_name.sent, BodySent::nothing);
}

TEST_F(HttpClientTest, IsSureOfNothingWhenTheAnswerNeverComes) {
  server.script(R"({"steps": [{"hang": true}]})");
  const HttpResponse response = post(mail(), 300ms);
  EXPECT_EQ(response.failure, HttpFailure::timeout);
  EXPECT_EQ(response.sent, BodySent::whole);
}

TEST_F(HttpClientTest, KnowsThatALargeBodyDidNotArriveWhole) {
  for (const char* when : {"start", "body"}) {
    server.script(std::string(R"({"steps": [{"reset": ")") + when + R"("}]})");
    const HttpResponse response = post(large_mail());
    EXPECT_EQ(response.failure, HttpFailure::broken) << when << to_string(response.failure);
    EXPECT_NE(response.sent, BodySent::whole) << when;
  }
}

TEST_F(HttpClientTest, IsSureOfNothingWhenTheConnectionBreaksAfterTheBody) {
  for (const char* step : {R"("reset": "end")", R"("close": true)", R"("reset": "answer")"}) {
    server.script(std::string(R"({"steps": [{)") + step + "}]}");
    const HttpResponse response = post(mail());
    EXPECT_EQ(response.failure, HttpFailure::broken) << step;
    EXPECT_EQ(response.sent, BodySent::whole) << step;
  }
}

// libcurl would repeat it on a fresh connection, and a mail would go out twice.
TEST_F(HttpClientTest, NeverRepeatsARequestWhoseKeptConnectionDies) {
  ASSERT_EQ(post(mail()).status, 200);
  server.script(R"({"steps": [{"close": true}]})");
  const HttpResponse response = post(mail());
  EXPECT_EQ(response.failure, HttpFailure::broken);
  EXPECT_EQ(response.sent, BodySent::whole);
  EXPECT_EQ(server.count("total"), 2);
}

TEST_F(HttpClientTest, ReadsAnEndlessAnswerOnlyToTheLimit) {
  server.script(R"({"steps": [{"endless": true}]})");
  const HttpResponse response = post(mail());
  EXPECT_EQ(response.failure, HttpFailure::response);
  EXPECT_EQ(response.body.size(), 1024U * 1024U);
  EXPECT_EQ(response.sent, BodySent::whole);
}

TEST_F(HttpClientTest, RefusesAnAnswerThatIsNoHttp) {
  server.script(R"({"steps": [{"garbage": true}]})");
  const HttpResponse response = post(mail());
  EXPECT_EQ(response.failure, HttpFailure::response);
  EXPECT_EQ(response.sent, BodySent::whole);
}

TEST_F(HttpClientTest, HoldsItsDeadlineAgainstADrippingAnswer) {
  server.script(R"({"steps": [{"drip": 20}]})");
  const HttpResponse response = post(mail(), 300ms);
  EXPECT_EQ(response.failure, HttpFailure::timeout);
  EXPECT_EQ(response.status, 200);
}

TEST_F(HttpClientTest, OneSlowRequestDoesNotSlowAnother) {
  server.script(R"({"steps": [{"hang": true}]})");
  std::promise<HttpFailure> slow;
  http.request(posting(mail(), 2s), [&](const HttpResponse& r) { slow.set_value(r.failure); });
  auto ended = slow.get_future();
  server.await("broken", 1);
  EXPECT_EQ(post(mail()).status, 200);
  EXPECT_EQ(ended.wait_for(0s), std::future_status::timeout);
  EXPECT_EQ(ended.get(), HttpFailure::timeout);
}

TEST_F(HttpClientTest, BlamesOurOwnContent) {
  const HttpResponse first = post(std::make_shared<ChunkedContent>(3, 1000, 0));
  EXPECT_EQ(first.failure, HttpFailure::content);
  EXPECT_EQ(first.failure_text, "disk on fire");
  const HttpResponse later = post(std::make_shared<ChunkedContent>(30, Content::kChunkBytes, 29));
  EXPECT_EQ(later.failure, HttpFailure::content);
  EXPECT_EQ(later.sent, BodySent::partly);
}

TEST_F(HttpClientTest, LetsWhatIsUnderWayFinishWhenClosed) {
  server.script(R"({"steps": [{"delay": 0.2}]})");
  std::promise<int> status;
  http.request(posting(mail()), [&](const HttpResponse& r) { status.set_value(r.status); });
  http.close(std::chrono::steady_clock::now() + 10s);
  EXPECT_EQ(status.get_future().get(), 200);
}

TEST_F(HttpClientTest, AnswersWhatIsLeftAtTheDeadline) {
  server.script(R"({"steps": [{"hang": true}]})");
  std::promise<HttpResponse> answer;
  http.request(posting(mail()), [&](HttpResponse r) { answer.set_value(std::move(r)); });
  server.await("broken", 1);
  http.close(std::chrono::steady_clock::now());
  const HttpResponse response = answer.get_future().get();
  EXPECT_EQ(response.failure, HttpFailure::closed);
  EXPECT_EQ(response.sent, BodySent::whole);
}

TEST_F(HttpClientTest, RefusesRequestsOnceClosed) {
  http.close(std::chrono::steady_clock::now());
  EXPECT_EQ(post(mail()).failure, HttpFailure::closed);
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("mg.x-y_z~1.com"), "mg.x-y_z~1.com");
  EXPECT_EQ(percent_encode("a/../b?c#d e+f@g"), "a%2F..%2Fb%3Fc%23d%20e%2Bf%40g");
  EXPECT_EQ(percent_encode("m\xC3\xBCnchen"), "m%C3%BCnchen");
}

}  // namespace
}  // namespace postern::net

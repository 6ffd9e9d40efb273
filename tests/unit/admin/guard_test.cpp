#include "admin/guard.hpp"

#include <gtest/gtest.h>

namespace postern::admin {
namespace {

using namespace std::chrono_literals;
using Request = net::HttpServer::Request;

constexpr unsigned kPasses = 0;

class GuardTest : public ::testing::Test {
 protected:
  unsigned status(const Request& request, bool is_probe = false) {
    const auto refusal = guard_.refuse(request, is_probe, now_);
    return refusal ? refusal->status : kPasses;
  }
  unsigned with_token(const std::string& token, const std::string& peer = "192.0.2.1") {
    return status(
        {"GET", "/", {{"host", "relay"}, {"authorization", "Bearer " + token}}, {}, peer});
  }
  unsigned without_token() { return status({"GET", "/", {{"host", "relay"}}, {}, "192.0.2.1"}); }
  unsigned with_host(const std::string& host) {
    return status({"GET", "/", {{"host", host}}, {}, "127.0.0.1"});
  }
  unsigned posting(net::HttpServer::Fields headers) {
    headers.emplace_back("host", "localhost:8080");
    return status({"POST", "/", std::move(headers), {}, "127.0.0.1"});
  }
  void ask_for_a_token() { guard_ = Guard({Secret("right"), "0.0.0.0"}); }

  Guard guard_{{Secret(), "127.0.0.2"}};
  Tick now_{1h};
};

TEST_F(GuardTest, AsksForTheToken) {
  ask_for_a_token();
  EXPECT_EQ(with_token("right"), kPasses);
  EXPECT_EQ(with_token("wrong"), 401U);
  EXPECT_EQ(with_token(""), 401U);
  EXPECT_EQ(without_token(), 401U);
  EXPECT_EQ(
      status({"GET", "/", {{"host", "relay"}, {"authorization", "Basic right"}}, {}, "192.0.2.1"}),
      401U);
}

TEST_F(GuardTest, LetsProbesAndTheUnixSocketInWithoutToken) {
  ask_for_a_token();
  EXPECT_EQ(status({"GET", "/readyz", {{"host", "relay"}}, {}, "192.0.2.1"}, true), kPasses);
  EXPECT_EQ(status({"POST", "/", {{"host", "postern"}}, {}, {}}), kPasses);
}

TEST_F(GuardTest, LocksAnAddressOutAfterWrongTokens) {
  ask_for_a_token();
  for (unsigned i = 0; i < Guard::kMaxWrongTokens; ++i) EXPECT_EQ(with_token("wrong"), 401U);
  EXPECT_EQ(with_token("right"), 429U);
  EXPECT_EQ(with_token("right", "192.0.2.2"), kPasses);
  now_ += Guard::kLockOut;
  EXPECT_EQ(with_token("right"), kPasses);
}

TEST_F(GuardTest, ForgetsWrongTokensAfterTheRightOne) {
  ask_for_a_token();
  for (unsigned i = 1; i < Guard::kMaxWrongTokens; ++i) with_token("wrong");
  EXPECT_EQ(with_token("right"), kPasses);
  EXPECT_EQ(with_token("wrong"), 401U);
  EXPECT_EQ(with_token("right"), kPasses);
}

TEST_F(GuardTest, DoesNotCountWhoSendsNoToken) {
  ask_for_a_token();
  for (int i = 0; i < 20; ++i) without_token();
  EXPECT_EQ(with_token("right"), kPasses);
}

TEST_F(GuardTest, KnowsItsOwnNamesOnly) {
  for (const char* host :
       {"localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "127.0.0.2:8080"})
    EXPECT_EQ(with_host(host), kPasses) << host;
  for (const char* host : {"evil.example", "localhost.evil.example", "evil.example:8080", "",
                           "[::2]", "127.0.0.1.evil"})
    EXPECT_EQ(with_host(host), 421U) << host;
}

TEST_F(GuardTest, RefusesWhatOtherSitesCanSend) {
  EXPECT_EQ(posting({{"origin", "http://evil.example"}}), 403U);
  EXPECT_EQ(posting({{"origin", "null"}}), 403U);
  EXPECT_EQ(posting({{"origin", "http://localhost:9999"}}), 403U);
  EXPECT_EQ(posting({{"sec-fetch-site", "cross-site"}}), 403U);
  EXPECT_EQ(posting({{"sec-fetch-site", "same-site"}}), 403U);
  EXPECT_EQ(posting({{"content-type", "application/x-www-form-urlencoded"}}), 403U);
  EXPECT_EQ(posting({{"content-type", "Multipart/Form-Data; boundary=x"}}), 403U);
  EXPECT_EQ(posting({{"content-type", "text/plain;charset=utf-8"}}), 403U);
}

TEST_F(GuardTest, TakesWhatItsOwnPageAndToolsSend) {
  EXPECT_EQ(posting({}), kPasses);
  EXPECT_EQ(posting({{"content-type", "application/json"}}), kPasses);
  EXPECT_EQ(posting({{"origin", "http://localhost:8080"}, {"sec-fetch-site", "same-origin"}}),
            kPasses);
}

TEST_F(GuardTest, LeavesTheUnixSocketToItsMode) {
  EXPECT_EQ(status({"POST",
                    "/",
                    {{"host", "x"}, {"content-type", "application/x-www-form-urlencoded"}},
                    {},
                    {}}),
            kPasses);
}

TEST_F(GuardTest, LeavesReadingFromAnotherSiteToTheBrowser) {
  EXPECT_EQ(
      status(
          {"GET", "/", {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}, {}, "127.0.0.1"}),
      kPasses);
}

}  // namespace
}  // namespace postern::admin

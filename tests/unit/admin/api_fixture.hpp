#pragma once
// The API with fakes around it, and one line per request.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/admin/fakes.hpp"

namespace postern::admin::testing {

class ApiTest : public ::testing::Test {
 protected:
  using Request = net::HttpServer::Request;

  Response send(Request request) {
    if (!api_)
      api_ = std::make_unique<Api>(settings_, reader_, control_, metrics_, clock_, daemon_);
    auto answered = std::make_shared<std::promise<Response>>();
    auto answer = answered->get_future();
    api_->answer(std::move(request), [answered](Response r) { answered->set_value(std::move(r)); });
    return answer.get();
  }
  Response get(const std::string& target) { return send({"GET", target, {{"host", "x"}}, {}, {}}); }
  Response post(const std::string& target) {
    return send({"POST", target, {{"host", "x"}}, {}, {}});
  }
  static nlohmann::json json(const Response& response) {
    return nlohmann::json::parse(response.body);
  }
  static std::string header(const Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return {};
  }

  FakeReader reader_;
  FakeControl control_;
  FakeDaemon daemon_;
  FakeClock clock_;
  Metrics metrics_;
  Guard::Settings settings_;
  std::unique_ptr<Api> api_;
};

}  // namespace postern::admin::testing

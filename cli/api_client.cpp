#include "cli/api_client.hpp"

#include <unistd.h>

#include <cerrno>
#include <future>
#include <nlohmann/json.hpp>

#include "cli/failure.hpp"
#include "net/curl_http_client.hpp"

namespace postern::cli {
namespace {

using Method = net::HttpRequest::Method;

constexpr std::size_t kMaxAnswerBytes = 512 * config::kMiB;  // a body may be large
constexpr Duration kVerbTimeout = std::chrono::minutes{10};  // on 100,000 messages it takes a while

std::string target_of(const std::vector<std::string>& segments, const Parameters& parameters) {
  std::string target = "/api/v1";
  for (const auto& segment : segments) target += "/" + net::percent_encode(segment);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    target += separator + net::percent_encode(name) + "=" + net::percent_encode(value);
    separator = '&';
  }
  return target;
}

/// The problem's detail (RFC 9457), or what else there is to say.
std::string complaint_of(const net::HttpResponse& response) {
  const auto problem = Json::parse(response.body, nullptr, false);
  if (problem.is_object() && problem.contains("detail") && problem["detail"].is_string())
    return problem["detail"];
  return "The daemon answered with HTTP status " + std::to_string(response.status) + ".";
}

ExitStatus exit_status_of(int http_status) {
  if (http_status == 400) return kUsage;
  if (http_status == 429 || http_status >= 500) return kTryLater;
  return kFailed;
}

net::CurlHttpClient::Settings client_settings() {
  net::CurlHttpClient::Settings settings;
  settings.max_response_bytes = kMaxAnswerBytes;
  return settings;
}

}  // namespace

struct ApiClient::Connection {
  Connection(Place where, Duration patience_with_reading)
      : place(std::move(where)), patience(patience_with_reading), http(client_settings()) {}

  std::string request(Method method, const std::string& target) {
    net::HttpRequest request;
    request.method = method;
    request.url = (place.url.empty() ? "http://localhost" : place.url) + target;
    request.unix_socket = place.socket;
    // A body may come over a slow line.
    const bool is_quick =
        method == Method::get && (place.url.empty() || !target.ends_with("/body"));
    request.timeout = is_quick ? patience : kVerbTimeout;
    // Else libcurl calls an empty body a form, which the API refuses as a browser's.
    if (method == Method::post) request.headers.emplace_back("Content-Type: application/json");
    if (!place.url.empty() && !place.token.empty())
      request.headers.push_back("Authorization: Bearer " + place.token.reveal());
    std::promise<net::HttpResponse> answered;
    http.request(std::move(request), [&answered](net::HttpResponse response) {
      answered.set_value(std::move(response));
    });
    net::HttpResponse response = answered.get_future().get();
    if (response.failure != net::HttpFailure::none) fail(response);
    if (response.status >= 400)
      throw Failure(exit_status_of(response.status), complaint_of(response));
    return std::move(response.body);
  }

  [[noreturn]] void fail(const net::HttpResponse& response) const {
    const std::string where = place.url.empty() ? place.socket.string() : place.url;
    constexpr const char* kRunning = "; is \"postern serve\" running?";
    const bool nobody = response.failure == net::HttpFailure::connect ||
                        response.failure == net::HttpFailure::resolve ||
                        response.failure == net::HttpFailure::tls;
    if (nobody && !place.url.empty())
      throw Failure(kNoDaemon, "No daemon answers at " + where + " (" + response.failure_text +
                                   ')' + kRunning);
    if (nobody && ::access(where.c_str(), W_OK) != 0 && errno == EACCES)
      throw Failure(kNoDaemon, "The daemon's socket " + where +
                                   " is not open to you; it is for the daemon's user and group.");
    // What curl says of a socket speaks of localhost and port 80.
    if (nobody) throw Failure(kNoDaemon, "No daemon answers at " + where + kRunning);
    if (response.failure == net::HttpFailure::timeout)
      throw Failure(kTryLater, "The daemon at " + where +
                                   " took the request but does not answer; it is stuck or "
                                   "overloaded, and its log may say why.");
    const bool mistyped = response.failure == net::HttpFailure::request;
    throw Failure(mistyped ? kUsage : kTryLater, where + ": " + response.failure_text);
  }

  Place place;
  Duration patience;
  net::CurlHttpClient http;
};

ApiClient::ApiClient(Place place, Duration patience)
    : connection_(std::make_unique<Connection>(std::move(place), patience)) {}
ApiClient::~ApiClient() = default;

std::string ApiClient::get(const std::vector<std::string>& segments, const Parameters& parameters) {
  return connection_->request(Method::get, target_of(segments, parameters));
}

std::string ApiClient::post(const std::vector<std::string>& segments,
                            const Parameters& parameters) {
  return connection_->request(Method::post, target_of(segments, parameters));
}

Json parse_answer(const std::string& text) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw Failure(kTryLater, "The daemon's answer is no JSON; is it another program?");
  return json;
}

}  // namespace postern::cli

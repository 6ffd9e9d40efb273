#include "admin/reply.hpp"

#include <nlohmann/json.hpp>

namespace postern::admin {
namespace {

std::string_view title_of(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Response reply(unsigned status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers = {{"Content-Type", std::string(content_type)},
                      {"Cache-Control", "no-store"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}};
  response.body = std::move(body);
  return response;
}

Response json_reply(const Json& json, unsigned status) {
  return reply(status, "application/json", to_text(json) + "\n");
}

Response problem(unsigned status, const std::string& detail) {
  return problem(status, detail, Json::object());
}

Response problem(unsigned status, const std::string& detail, const Json& members) {
  Json json{
      {"type", "about:blank"}, {"title", title_of(status)}, {"status", status}, {"detail", detail}};
  json.update(members);
  return reply(status, "application/problem+json", to_text(json) + "\n");
}

}  // namespace postern::admin

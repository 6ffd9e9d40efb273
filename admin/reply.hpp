#pragma once
// How answers are built: JSON, problems (RFC 9457), and the headers all of them carry. Pure.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "admin/parameters.hpp"
#include "net/http_server.hpp"

namespace postern::admin {

using Response = net::HttpServer::Response;
using Json = nlohmann::ordered_json;

/// One request on its way through a route.
struct Call {
  std::vector<std::string> captures;  // the decoded path segments where the route has {}
  Parameters parameters;
  net::HttpServer::Respond respond;
};

/// Bytes that are not UTF-8 become U+FFFD: mail may hold anything, JSON may not.
std::string to_text(const Json& json);

Response reply(unsigned status, std::string_view content_type, std::string body);
Response json_reply(const Json& json, unsigned status = 200);
/// `detail`: a sentence for the caller.
Response problem(unsigned status, const std::string& detail);
/// A problem with further members.
Response problem(unsigned status, const std::string& detail, const Json& members);

}  // namespace postern::admin

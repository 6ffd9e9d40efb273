#include "admin/guard.hpp"

#include <array>

#include "core/crypto.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace postern::admin {
namespace {

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  const bool in_brackets =
      colon != std::string_view::npos && host.find(']', colon) != std::string_view::npos;
  return colon == std::string_view::npos || in_brackets ? host : host.substr(0, colon);
}

// What a page of another site can make a browser send: a form, or a request marked with its origin.
bool is_cross_site(const net::HttpServer::Request& request) {
  const auto site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) {
    const auto scheme = origin.find("://");
    if (scheme == std::string_view::npos) return true;  // "null"
    if (!iequals(origin.substr(scheme + 3), request.header("host"))) return true;
  }
  const std::string_view full_type = request.header("content-type");
  const std::string_view type = trim(full_type.substr(0, full_type.find(';')));
  static constexpr std::array<std::string_view, 3> kFormTypes{"application/x-www-form-urlencoded",
                                                              "multipart/form-data", "text/plain"};
  for (const auto form : kFormTypes)
    if (iequals(type, form)) return true;
  return false;
}

}  // namespace

Guard::Guard(Settings settings) : settings_(std::move(settings)) {}

std::optional<Response> Guard::refuse(const net::HttpServer::Request& request, bool is_probe,
                                      Tick now) {
  if (request.peer.empty()) return std::nullopt;
  if (settings_.token.empty() && !is_ours(request.header("host")))
    return problem(421, "This Host is not served here; say localhost.");
  if (!settings_.token.empty() && !is_probe)
    if (auto refusal = refuse_token(request, now)) return refusal;
  if (request.method != "GET" && is_cross_site(request))
    return problem(403, "A request from another site changes nothing here.");
  return std::nullopt;
}

std::optional<Response> Guard::refuse_token(const net::HttpServer::Request& request, Tick now) {
  const auto entry = failures_.find(request.peer);
  if (entry != failures_.end() && now - entry->second.since >= kLockOut) {
    failures_.erase(entry);
  } else if (entry != failures_.end() && entry->second.wrong >= kMaxWrongTokens) {
    auto locked = problem(429, "Too many wrong tokens from this address; try again in a minute.");
    locked.headers.emplace_back("Retry-After", "60");
    return locked;
  }
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view credentials = request.header("authorization");
  const bool is_bearer = istarts_with(credentials, kScheme);
  const std::string_view token =
      is_bearer ? credentials.substr(kScheme.size()) : std::string_view();
  if (crypto::equal_in_constant_time(token, settings_.token.reveal())) {
    failures_.erase(request.peer);
    return std::nullopt;
  }
  // Who sends none has not guessed: a browser asks so before it knows that there is a token.
  if (!credentials.empty()) remember_failure(request.peer, now);
  auto unauthorized = problem(401, "The token is missing or wrong.");
  unauthorized.headers.emplace_back("WWW-Authenticate", "Bearer");
  return unauthorized;
}

bool Guard::is_ours(std::string_view host) const {
  const std::string_view name = without_port(host);
  const std::string& bound = settings_.bind_host;
  return iequals(name, "localhost") || name == "127.0.0.1" || name == "[::1]" ||
         (!bound.empty() && (name == bound || name == "[" + bound + "]"));
}

void Guard::remember_failure(const std::string& address, Tick now) {
  if (failures_.size() >= kMaxAddresses) failures_.erase(failures_.begin());
  Failures& failures = failures_[address];
  ++failures.wrong;
  failures.since = now;
  log::event(log::Level::warning, {}, "unauthorized",
             {{"peer", address}, {"wrong", failures.wrong}});
}

}  // namespace postern::admin

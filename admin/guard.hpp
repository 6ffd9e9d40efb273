#pragma once
// Who may speak to the API: the token and its lock-out, DNS rebinding, cross-site requests. Over
// the Unix socket, which no browser reaches, the file's mode is the only credential.
//
// Called by Api on its one io thread; not thread-safe. RFC 6750 (Bearer), RFC 9110 section 7.4
// (421).
#include <map>
#include <optional>
#include <string>

#include "admin/reply.hpp"
#include "core/clock.hpp"
#include "core/secret.hpp"

namespace postern::admin {

class Guard {
 public:
  struct Settings {
    Secret token;           // empty: none is asked for (loopback)
    std::string bind_host;  // an IP literal: a Host that is ours beside localhost
  };
  static constexpr unsigned kMaxWrongTokens = 5;  // then the address is locked out
  static constexpr Duration kLockOut = std::chrono::minutes{1};
  static constexpr std::size_t kMaxAddresses = 10'000;  // remembered

  explicit Guard(Settings settings);

  /// The answer that refuses the request; nullopt: go on. `is_probe`: /healthz and /readyz, which
  /// need no token.
  std::optional<Response> refuse(const net::HttpServer::Request& request, bool is_probe, Tick now);

 private:
  struct Failures {
    unsigned wrong = 0;
    Tick since{};
  };
  std::optional<Response> refuse_token(const net::HttpServer::Request& request, Tick now);
  bool is_ours(std::string_view host) const;
  void remember_failure(const std::string& address, Tick now);

  Settings settings_;
  std::map<std::string, Failures> failures_;
};

}  // namespace postern::admin

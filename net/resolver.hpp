#pragma once
// Resolver: host names to endpoints. transports/smtp asks it before it connects; tests hand in a
// stub. IP literals never reach the system. A failure says nothing of the mail: the caller treats
// it as temporary, whatever the code (SERVFAIL, NXDOMAIN and a slow server alike).
#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string>

#include "core/clock.hpp"
#include "net/stream.hpp"

namespace postern::net {

/// At least one endpoint, in the order they should be tried.
using Resolved = boost::system::result<Endpoints>;

/// Thread-safe; the answer comes on the caller's executor.
class Resolver {
 public:
  virtual ~Resolver() = default;
  asio::awaitable<Resolved> resolve(std::string host, std::uint16_t port);

 private:
  virtual asio::awaitable<Resolved> look_up(std::string host, std::uint16_t port) = 0;
};

/// getaddrinfo(3) in Asio's background thread (RFC 6724 order), given up after `timeout`:
/// timed_out.
class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(Duration timeout) : timeout_(timeout) {}

 private:
  asio::awaitable<Resolved> look_up(std::string host, std::uint16_t port) override;
  Duration timeout_;
};

}  // namespace postern::net

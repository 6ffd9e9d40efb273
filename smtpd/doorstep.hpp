#pragma once
// The sockets on which listeners accept: opened here, or open since before the process began
// because systemd passed them. Used by the Server, on the first io thread.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "core/result.hpp"
#include "net/systemd.hpp"

namespace postern::smtpd {

class Doorstep {
 public:
  /// Listeners that bind what one of these is bound to use it. They stay open for good: a listener
  /// that a reload takes away may come back by the next.
  void inherit(std::vector<net::InheritedSocket> sockets) { inherited_ = std::move(sockets); }

  /// Throws boost::system::system_error.
  boost::asio::ip::tcp::acceptor open(const boost::asio::any_io_executor& executor,
                                      const config::Endpoint& bind) const;

  /// An inherited socket that no listener of `config` binds: its clients would wait for ever.
  std::optional<Error> find_unserved(const config::Config& config) const;

 private:
  std::vector<net::InheritedSocket> inherited_;
};

}  // namespace postern::smtpd

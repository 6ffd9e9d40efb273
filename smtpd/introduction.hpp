#pragma once
// Who is connected: what the socket says or, on a listener with `proxy_protocol`, what the proxy
// says. Comes before the Connection, on the io thread that will have it.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>

#include "smtpd/connection.hpp"

namespace postern::smtpd {

/// A client with its address, and the socket from which its first byte has not been read.
struct Introduced {
  boost::asio::ip::tcp::socket socket;
  Peer peer;
};

/// Trusted where the listener says so.
Peer peer_at(const boost::asio::ip::address& address, const config::Listener& listener);

/// Reads the PROXY header (net/proxy_header). Who cannot be told gets the proxy's address, but not
/// its trust. nullopt: none came in time, or it was broken; the socket is closed.
boost::asio::awaitable<std::optional<Introduced>> introduce(boost::asio::ip::tcp::socket socket,
                                                            Peer proxy,
                                                            std::shared_ptr<const Door> door);

}  // namespace postern::smtpd

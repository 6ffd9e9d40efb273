#pragma once
// The one form in which a peer's address is compared, counted and shown.
#include <boost/asio/ip/address.hpp>

namespace postern::net {

/// An IPv4-mapped address (RFC 4291 section 2.5.5.2), as a listener on [::] sees IPv4 clients,
/// becomes IPv4; an IPv6 address loses its zone, which means nothing on another machine.
boost::asio::ip::address plain(const boost::asio::ip::address& address);

}  // namespace postern::net

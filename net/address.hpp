#pragma once
// The one form in which a peer's address is compared, counted and shown.
#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>

namespace postern::net {

/// An IPv4-mapped address (RFC 4291 section 2.5.5.2), as a listener on [::] sees IPv4 clients,
/// becomes IPv4; an IPv6 address loses its zone, which means nothing on another machine.
boost::asio::ip::address plain(const boost::asio::ip::address& address);

/// What a stranger at `address` (textual) is counted as: networks hand out whole /64s of IPv6, so
/// counting single addresses of one would count nothing. A key, not fit to be shown; what is no
/// IPv6 address is its own.
std::string network_of(std::string_view address);

}  // namespace postern::net

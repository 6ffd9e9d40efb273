#include "net/address.hpp"

namespace postern::net {

namespace ip = boost::asio::ip;

ip::address plain(const ip::address& address) {
  if (address.is_v4()) return address;
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  return ip::address_v6(v6.to_bytes());
}

}  // namespace postern::net

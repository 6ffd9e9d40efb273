#include "net/address.hpp"

namespace postern::net {

namespace ip = boost::asio::ip;

ip::address plain(const ip::address& address) {
  if (address.is_v4()) return address;
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  return ip::address_v6(v6.to_bytes());
}

std::string network_of(std::string_view address) {
  boost::system::error_code bad;
  const ip::address parsed = ip::make_address(std::string(address), bad);
  if (bad || parsed.is_v4() || parsed.to_v6().is_v4_mapped()) return std::string(address);
  const auto bytes = parsed.to_v6().to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), 8};
}

}  // namespace postern::net

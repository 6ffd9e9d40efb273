// Networks and endpoints: text <-> value.
#include <boost/asio/ip/address.hpp>

#include "config/load.hpp"
#include "config/units.hpp"
#include "config/wording.hpp"
#include "core/text.hpp"

namespace postern::config {
namespace {

namespace ip = boost::asio::ip;

}  // namespace

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code bad;
  const auto address = ip::make_address(std::string(text.substr(0, slash)), bad);
  if (bad || (address.is_v6() && address.to_v6().scope_id() != 0))
    return Error{quote(text) + " is not a network such as \"10.0.0.0/8\" or \"fc00::/7\""};
  const std::string host = address.to_string();
  const unsigned most = address.is_v4() ? 32 : 128;
  if (slash == std::string_view::npos)
    return Error{quote(text) + " lacks its prefix length" +
                 did_you_mean(host + '/' + std::to_string(most))};
  const auto length = parse_number(text.substr(slash + 1));
  if (!length || *length > most)
    return Error{quote(text) + " has no prefix length from 0 to " + std::to_string(most)};
  // Peers that arrive as ::ffff:10.0.0.1 are looked up as 10.0.0.1: such a block matches nobody.
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return Error{quote(text) + " is an IPv4-mapped network: write it as IPv4"};
  Network network;
  network.is_v4 = address.is_v4();
  if (network.is_v4)
    network.v4 = {address.to_v4(), static_cast<unsigned short>(*length)};
  else
    network.v6 = {address.to_v6(), static_cast<unsigned short>(*length)};
  const bool exact =
      network.is_v4 ? network.v4 == network.v4.canonical() : network.v6 == network.v6.canonical();
  if (!exact) {
    const std::string meant =
        network.is_v4 ? network.v4.canonical().to_string() : network.v6.canonical().to_string();
    return Error{quote(text) + " has bits set beyond its prefix" + did_you_mean(meant)};
  }
  return network;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return Error{quote(text) + " is not ADDRESS:PORT, such as \"0.0.0.0:2525\""};
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code bad;
  const auto address = ip::make_address(std::string(host), bad);
  if (bad || address.is_v6() != bracketed) {
    if (host == "localhost")
      return Error{quote(text) + " names a host; write its address" +
                   did_you_mean("127.0.0.1" + std::string(text.substr(colon)))};
    return Error{quote(text) +
                 " is not ADDRESS:PORT with an IP address (IPv6 in brackets), such as "
                 "\"0.0.0.0:2525\" or \"[::]:2525\""};
  }
  const auto port = parse_number(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535)
    return Error{quote(text) + " has no port from 1 to 65535"};
  return Endpoint{address.to_string(), static_cast<std::uint16_t>(*port)};
}

std::string format_network(const Network& network) {
  return network.is_v4 ? network.v4.to_string() : network.v6.to_string();
}

std::string format_endpoint(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return (is_v6 ? '[' + endpoint.host + ']' : endpoint.host) + ':' + std::to_string(endpoint.port);
}

}  // namespace postern::config

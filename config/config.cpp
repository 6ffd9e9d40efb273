#include "config/config.hpp"

#include "core/text.hpp"

namespace postern::config {

bool Network::contains(const boost::asio::ip::address& address) const {
  using boost::asio::ip::make_address_v4;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return contains(make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()));
  if (address.is_v4() != is_v4) return false;
  if (is_v4) {
    const auto hosts_address = address.to_v4();
    return boost::asio::ip::network_v4(hosts_address, v4.prefix_length()).canonical() ==
           v4.canonical();
  }
  return boost::asio::ip::network_v6(address.to_v6(), v6.prefix_length()).canonical() ==
         v6.canonical();
}

std::uint64_t default_max_message_bytes(std::string_view type) {
  if (type == "mailgun") return 25 * kMiB;
  return type == "ses" ? 28 * kMiB : 36 * kMiB;
}

const Domain* Config::find_domain(std::string_view domain) const {
  const Domain* fallback = nullptr;
  for (const Domain& candidate : domains) {
    if (candidate.name == domain) return &candidate;
    if (candidate.name == "*") fallback = &candidate;
  }
  return fallback;
}

const Transport* Config::find_transport(std::string_view name) const {
  for (const Transport& candidate : transports)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

std::string Config::where(std::string_view setting) const {
  const std::vector<std::string_view> words = split(setting, '.');
  const std::string section(words.front());
  const bool listed = words.size() == 3;
  std::string text = (listed ? "[[" + section + "]] " : '[' + section + "] ");
  text += words.back();
  auto place = places.find(setting);
  if (place == places.end()) place = places.find("");
  return place == places.end() ? text : text + ", " + place->second;
}

std::filesystem::path Config::admin_socket() const {
  const std::filesystem::path socket = admin.socket;
  return socket.is_absolute() ? socket : server.state / socket;
}

}  // namespace postern::config

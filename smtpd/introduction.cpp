#include "smtpd/introduction.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/log.hpp"
#include "net/address.hpp"
#include "net/proxy_header.hpp"

namespace postern::smtpd {
namespace {

namespace asio = boost::asio;
using Says = net::ProxyHeader::Says;

// A proxy sends its header with the connection; the specification wants at least 3 s for it.
constexpr Duration kPatience = std::chrono::seconds(5);

// Whoever connects and leaves again only looks whether we are there.
void log_refusal(const Peer& proxy, const net::Moved& last, Says says) {
  const bool just_a_look = !last && says == Says::more && last.error() == asio::error::eof;
  log::event(just_a_look ? log::Level::debug : log::Level::warning, {}, "refused",
             {{"client", proxy.address},
              {"reason", says == Says::broken ? std::string("not the PROXY protocol")
                                              : "no PROXY header: " + last.error().message()}});
}

}  // namespace

Peer peer_at(const asio::ip::address& address, const config::Listener& listener) {
  const bool trusted =
      std::any_of(listener.trusted.begin(), listener.trusted.end(),
                  [&](const config::Network& network) { return network.contains(address); });
  return {net::plain(address).to_string(), trusted};
}

asio::awaitable<std::optional<Introduced>> introduce(asio::ip::tcp::socket socket, Peer proxy,
                                                     std::shared_ptr<const Door> door) {
  net::Stream stream(std::move(socket));
  stream.expires_after(kPatience);
  net::ProxyHeader header;
  std::array<char, net::ProxyHeader::kMostWanted> bytes{};
  while (header.says() == Says::more) {
    const asio::mutable_buffer space = asio::buffer(bytes.data(), header.wants());
    const net::Moved moved = co_await stream.read_some(space);
    if (moved) header.take({bytes.data(), *moved});
    if (!moved || header.says() == Says::broken) {
      log_refusal(proxy, moved, header.says());
      co_return std::nullopt;
    }
  }
  Peer peer = std::move(proxy);
  if (header.says() == Says::client) peer = peer_at(header.address(), door->settings);
  if (header.says() == Says::unknown) peer.trusted = false;
  co_return Introduced{stream.release(), std::move(peer)};
}

}  // namespace postern::smtpd

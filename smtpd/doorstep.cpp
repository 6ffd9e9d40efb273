#include "smtpd/doorstep.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>

#include "config/units.hpp"
#include "core/text.hpp"

namespace postern::smtpd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tcp::endpoint endpoint_of(const config::Endpoint& bind) {
  return {asio::ip::make_address(bind.host), bind.port};
}

// [::] takes IPv4 clients, too, whatever the machine's default is.
tcp::acceptor listen_on(const asio::any_io_executor& executor, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(executor, endpoint.protocol());
  acceptor.set_option(tcp::acceptor::reuse_address(true));
  if (endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false));
  acceptor.bind(endpoint);
  acceptor.listen();
  return acceptor;
}

tcp::acceptor take_over(const asio::any_io_executor& executor,
                        const net::InheritedSocket& inherited) {
  const int descriptor = ::fcntl(inherited.descriptor, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) throw boost::system::system_error(errno, boost::system::system_category());
  return {executor, inherited.bound.protocol(), descriptor};
}

}  // namespace

tcp::acceptor Doorstep::open(const asio::any_io_executor& executor,
                             const config::Endpoint& bind) const {
  const tcp::endpoint endpoint = endpoint_of(bind);
  for (const net::InheritedSocket& inherited : inherited_)
    if (inherited.bound == endpoint) return take_over(executor, inherited);
  return listen_on(executor, endpoint);
}

std::optional<Error> Doorstep::find_unserved(const config::Config& config) const {
  for (const net::InheritedSocket& inherited : inherited_) {
    const auto serves = [&](const config::Listener& listener) {
      return endpoint_of(listener.bind) == inherited.bound;
    };
    if (std::any_of(config.listeners.begin(), config.listeners.end(), serves)) continue;
    const std::string bound =
        config::format_endpoint({inherited.bound.address().to_string(), inherited.bound.port()});
    return Error{"the service manager passed a socket at " + bound + " (" + escape(inherited.name) +
                 "), and no [[listener]] has bind = \"" + bound + '"'};
  }
  return std::nullopt;
}

}  // namespace postern::smtpd

#pragma once
// Listens, and gives each client a Connection on one of the io threads in turn. Limits how many
// there are, in all and per address (421). Built by app/; configure() also serves the reload.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "core/result.hpp"
#include "smtpd/connection.hpp"
#include "smtpd/doorstep.hpp"

namespace postern::smtpd {

class Server {
 public:
  /// `io`: one executor per io thread; the first one also accepts.
  Server(std::vector<boost::asio::any_io_executor> io, Services services);
  ~Server();

  /// Before the first configure().
  void inherit(std::vector<net::InheritedSocket> sockets) { doorstep_.inherit(std::move(sockets)); }

  /// Opens the listeners of `config` that are not open yet, closes those that are not in it, and
  /// gives new sessions its rules. All or nothing: on an Error (a port is taken, an inherited
  /// socket is nobody's) nothing changed. Call before the io threads run, or on the first one.
  std::optional<Error> configure(const std::shared_ptr<const config::Config>& config);

  /// On the first io thread: no new clients; sessions end at their next command boundary.
  void shut_down();
  /// Sessions still open. Thread-safe.
  std::size_t connections() const;

 private:
  class Listener;
  struct Shared;
  using Listeners = std::vector<std::shared_ptr<Listener>>;
  using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

  Result<Listeners> find_or_open(const config::Config& config) const;
  std::shared_ptr<const Door> make_door(const std::shared_ptr<const config::Config>& config,
                                        const config::Listener& settings,
                                        const TlsContext& tls) const;

  std::shared_ptr<Shared> shared_;
  Listeners listeners_;
  Doorstep doorstep_;
};

}  // namespace postern::smtpd

#include "smtpd/server.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <set>
#include <utility>

#include "config/units.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "smtpd/introduction.hpp"
#include "smtpd/refusals.hpp"

namespace postern::smtpd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// How long to wait after accept() failed for want of descriptors or memory.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

constexpr std::string_view kBusy =
    "421 4.3.2 Too many connections; the relay is busy, please try again in a moment\r\n";

// Whose places a client takes. Trusted networks are counted by the address: there, a /64 is many
// machines of ours.
std::string counted_as(const Peer& peer) {
  return peer.trusted ? peer.address : net::network_of(peer.address);
}

// Delivery, the store and the operators need descriptors, too, above all when clients take too
// many.
std::size_t descriptor_budget() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  return limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur * 3 / 4, 256);
}

/// Null without a certificate.
Result<std::shared_ptr<asio::ssl::context>> make_tls(const config::Tls& tls) {
  if (tls.chain_pem.empty()) return std::shared_ptr<asio::ssl::context>();
  try {
    return net::make_server_context(tls.chain_pem, tls.key_pem.reveal());
  } catch (const boost::system::system_error& error) {
    return Error{"[tls] cannot be used: " + error.code().message()};
  }
}

}  // namespace

/// What the listeners share. `open` of an io thread is touched on that thread only.
struct Server::Shared : std::enable_shared_from_this<Server::Shared> {
  Shared(std::vector<asio::any_io_executor> executors, Services given)
      : io(std::move(executors)),
        services(given),
        open(io.size()),
        crowd(std::make_shared<Crowd>(descriptor_budget())) {}

  void start(tcp::socket socket, std::size_t thread, Peer peer, std::shared_ptr<const Door> door) {
    auto connection =
        std::make_shared<Connection>(std::move(socket), peer, std::move(door), services);
    open[thread].insert(connection.get());
    services.metrics.smtp_connections.Increment();
    auto finished = [self = shared_from_this(), thread, raw = connection.get(),
                     place = counted_as(peer)](std::exception_ptr) {
      self->open[thread].erase(raw);
      self->services.metrics.smtp_connections.Decrement();
      asio::post(self->io[0], [self, place] { self->leave(place); });
    };
    asio::co_spawn(io[thread], connection->run(), std::move(finished));
    if (shutting_down) connection->shut_down();
  }

  // On the first io thread. New clients hurry by themselves.
  void hurry(bool crowded) {
    if (crowded && !hurrying)
      for (std::size_t i = 0; i < io.size(); ++i)
        asio::post(io[i], [self = shared_from_this(), i] {
          for (Connection* connection : self->open[i]) connection->hurry();
        });
    hurrying = crowded;
  }

  // On the first io thread.
  void refused(const Peer& peer, std::string_view reason) {
    if (const auto left_out = refusals.note(services.clock.tick()))
      log::event(log::Level::warning, {}, "refused",
                 {{"client", peer.address}, {"reason", reason}, {"left_out", *left_out}});
  }

  // On the first io thread.
  void leave(const std::string& place) {
    --crowd->open;
    const auto taken = per_address.find(place);
    if (--taken->second == 0) per_address.erase(taken);
  }

  const std::vector<asio::any_io_executor> io;
  Services services;
  std::vector<std::set<Connection*>> open;
  const std::shared_ptr<Crowd> crowd;
  bool hurrying = false;  // those who came before it got crowded were told; first io thread only
  const std::shared_ptr<AuthThrottle> throttle = std::make_shared<AuthThrottle>();
  std::map<std::string, std::uint32_t> per_address;  // counted_as(); first io thread only
  Refusals refusals;                                 // first io thread only
  std::size_t next_thread = 0;
  std::atomic<bool> shutting_down{false};
};

class Server::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::shared_ptr<Shared> shared, tcp::acceptor acceptor, config::Endpoint bind)
      : shared_(std::move(shared)),
        acceptor_(std::move(acceptor)),
        bind_(std::move(bind)),
        pause_(shared_->io[0]),
        spare_descriptor_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}
  ~Listener() {
    if (spare_descriptor_ >= 0) ::close(spare_descriptor_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const config::Endpoint& bind() const { return bind_; }
  void set_door(std::shared_ptr<const Door> door) { door_ = std::move(door); }

  void accept() {
    const std::size_t thread = shared_->next_thread++ % shared_->io.size();
    acceptor_.async_accept(
        shared_->io[thread],
        [self = shared_from_this(), thread](boost::system::error_code error, tcp::socket socket) {
          self->accepted(error, std::move(socket), thread);
        });
  }
  void close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void accepted(boost::system::error_code error, tcp::socket socket, std::size_t thread) {
    if (!acceptor_.is_open()) return;
    if (error) {
      recover(error);
      return;
    }
    admit(std::move(socket), thread);
    accept();
  }

  void admit(tcp::socket socket, std::size_t thread) {
    boost::system::error_code gone;
    const auto remote = socket.remote_endpoint(gone);
    if (gone) return;
    Peer peer = peer_at(remote.address(), door_->settings);
    if (door_->settings.proxy_protocol)
      hear_proxy(std::move(socket), thread, std::move(peer));
    else
      welcome(std::move(socket), thread, std::move(peer), door_);
  }

  // Who may not speak for others gets no word: it may be anything but a mail client.
  void hear_proxy(tcp::socket socket, std::size_t thread, Peer proxy) {
    if (!proxy.trusted) return shared_->refused(proxy, "not a trusted proxy");
    if (!door_->has_place(true)) return turn_away(std::move(socket), proxy);
    ++shared_->crowd->open;
    auto introduced = [self = shared_from_this(), thread, door = door_](
                          std::exception_ptr, std::optional<Introduced> client) {
      asio::post(self->shared_->io[0], [self, thread, door, client = std::move(client)]() mutable {
        --self->shared_->crowd->open;
        if (client) self->welcome(std::move(client->socket), thread, std::move(client->peer), door);
      });
    };
    asio::co_spawn(shared_->io[thread], introduce(std::move(socket), std::move(proxy), door_),
                   std::move(introduced));
  }

  void welcome(tcp::socket socket, std::size_t thread, Peer peer,
               std::shared_ptr<const Door> door) {
    const std::string place = counted_as(peer);
    std::uint32_t& from_here = shared_->per_address[place];
    if (!door->has_place(peer.trusted) || from_here >= door->settings.max_connections_per_address) {
      if (from_here == 0) shared_->per_address.erase(place);
      return turn_away(std::move(socket), peer);
    }
    ++from_here;
    ++shared_->crowd->open;
    shared_->hurry(door->is_crowded());
    asio::post(shared_->io[thread], [shared = shared_, socket = std::move(socket), thread,
                                     peer = std::move(peer), door = std::move(door)]() mutable {
      shared->start(std::move(socket), thread, std::move(peer), std::move(door));
    });
  }

  void turn_away(tcp::socket socket, const Peer& peer) {
    boost::system::error_code gone;
    socket.non_blocking(true, gone);
    socket.write_some(asio::buffer(kBusy), gone);
    shared_->refused(peer, "too many connections");
  }

  // Out of descriptors: the spare one lets the client be told, instead of hanging in the backlog.
  void recover(boost::system::error_code error) {
    log::event(log::Level::error, {}, "accept_failed", {{"error", error.message()}});
    if (error == asio::error::no_descriptors && spare_descriptor_ >= 0) {
      ::close(spare_descriptor_);
      boost::system::error_code ignored;
      acceptor_.non_blocking(true, ignored);
      tcp::socket socket = acceptor_.accept(ignored);
      if (socket.is_open()) {
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(kBusy), ignored);
        socket.close(ignored);
      }
      spare_descriptor_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled && self->acceptor_.is_open()) self->accept();
    });
  }

  std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_;
  config::Endpoint bind_;
  std::shared_ptr<const Door> door_;
  asio::steady_timer pause_;
  int spare_descriptor_;
};

Server::Server(std::vector<asio::any_io_executor> io, Services services)
    : shared_(std::make_shared<Shared>(std::move(io), services)) {}

Server::~Server() = default;

std::optional<Error> Server::configure(const std::shared_ptr<const config::Config>& config) {
  if (auto unserved = doorstep_.find_unserved(*config)) return unserved;
  const auto wanted = find_or_open(*config);
  if (!wanted) return wanted.error();
  const auto tls = make_tls(config->tls);
  if (!tls) return tls.error();
  const auto is_in = [](const Listeners& list, const std::shared_ptr<Listener>& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
  };
  const Listeners before = std::exchange(listeners_, *wanted);
  for (std::size_t i = 0; i < listeners_.size(); ++i)
    listeners_[i]->set_door(make_door(config, config->listeners[i], *tls));
  for (const auto& listener : before)
    if (!is_in(listeners_, listener)) listener->close();
  for (const auto& listener : listeners_)
    if (!is_in(before, listener)) listener->accept();
  return std::nullopt;
}

// One for each of the configuration's, in its order. Those just opened go again when one cannot be.
Result<Server::Listeners> Server::find_or_open(const config::Config& config) const {
  Listeners found;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const config::Endpoint& bind = config.listeners[i].bind;
    const auto known = std::find_if(listeners_.begin(), listeners_.end(),
                                    [&](const auto& open) { return open->bind() == bind; });
    if (known != listeners_.end()) {
      found.push_back(*known);
      continue;
    }
    try {
      found.push_back(
          std::make_shared<Listener>(shared_, doorstep_.open(shared_->io[0], bind), bind));
    } catch (const boost::system::system_error& error) {
      const std::string setting = "listener." + std::to_string(i) + ".bind";
      return Error{"cannot listen on " + config::format_endpoint(bind) + ": " +
                   error.code().message() + " (" + config.where(setting) + ')'};
    }
  }
  return found;
}

std::shared_ptr<const Door> Server::make_door(const std::shared_ptr<const config::Config>& config,
                                              const config::Listener& settings,
                                              const TlsContext& tls) const {
  auto door = std::make_shared<Door>();
  door->settings = settings;
  door->session.hostname = config->server.hostname;
  door->session.max_message_bytes = settings.max_message_bytes;
  door->session.max_recipients = settings.max_recipients;
  door->session.tls = settings.tls;
  door->session.auth = settings.auth;
  door->session.max_hold = config->queue.max_hold;
  door->tls = tls;
  door->crowd = shared_->crowd;
  queue::Committer& committer = shared_->services.committer;
  door->policy = std::make_shared<ConfigPolicy>(
      config, [&committer](std::uint64_t more_bytes) { return !committer.has_room(more_bytes); },
      shared_->throttle);
  return door;
}

void Server::shut_down() {
  shared_->shutting_down = true;
  for (const auto& listener : listeners_) listener->close();
  listeners_.clear();
  for (std::size_t i = 0; i < shared_->io.size(); ++i)
    asio::post(shared_->io[i], [shared = shared_, i] {
      for (Connection* connection : shared->open[i]) connection->shut_down();
    });
}

std::size_t Server::connections() const {
  return shared_->crowd->open;
}

}  // namespace postern::smtpd

#include "tests/dialogue/world.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "config/load.hpp"
#include "core/metrics.hpp"
#include "queue/committer.hpp"
#include "smtpd/server.hpp"
#include "tests/dialogue/replay.hpp"
#include "tests/support/certificate.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd::dialogue {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

const testing::Certificate& certificate() {
  static const testing::Certificate made;
  return made;
}

std::uint16_t free_port() {
  asio::io_context context;
  return tcp::acceptor(context, {asio::ip::make_address(kAddress), 0}).local_endpoint().port();
}

config::Listener listener_of(const Case& each, bool starttls) {
  config::Listener listener;
  listener.tls = starttls ? config::ListenerTls::starttls : each.tls();
  listener.auth = each.auth();
  if (!each.has("untrusted")) listener.trusted = {config::parse_network("127.0.0.0/8").value()};
  listener.max_message_bytes = each.number("max-message", listener.max_message_bytes);
  listener.max_recipients =
      static_cast<std::uint32_t>(each.number("max-recipients", listener.max_recipients));
  listener.max_connections =
      static_cast<std::uint32_t>(each.number("max-connections", listener.max_connections));
  listener.max_connections_per_address = static_cast<std::uint32_t>(
      each.number("max-per-address", listener.max_connections_per_address));
  return listener;
}

std::shared_ptr<config::Config> config_of(const Case& each, bool starttls) {
  static const std::string chain = certificate().chain_pem();
  static const std::string key = certificate().key_pem();
  auto config = std::make_shared<config::Config>();
  config->server.hostname = "relay.example.com";
  config->tls.chain_pem = chain;
  config->tls.key_pem = Secret(key);
  if (each.has("users")) config->credentials = users();
  config->domains = {{.name = "*", .hide_origin = !each.has("trace")}};
  config->listeners = {listener_of(each, starttls), config::Listener{}};
  config->listeners[1].trusted = {config::parse_network("127.0.0.0/8").value()};
  return config;
}

}  // namespace

Time StandingClock::now() const {
  return kNow + passed_.load();
}

struct World::Parts {
  Parts(std::unique_ptr<MemoryStore> memory, const Clock& clock)
      : committer(std::move(memory), clock, metrics),
        server({io.get_executor()}, {committer, clock, metrics}) {}

  Metrics metrics;
  queue::Committer committer;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  Server server;
  std::uint16_t port = 0;
  std::uint16_t other_port = 0;
  std::thread thread;
};

World::World(const Case& each, bool starttls) {
  auto memory = std::make_unique<MemoryStore>();
  store = memory.get();
  store->full = each.has("full");
  store->broken = each.has("storage-fault");
  store->out_of_disk = each.has("disk-full");
  parts_ = std::make_unique<Parts>(std::move(memory), clock);
  parts_->committer.start();
  const auto config = config_of(each, starttls);
  // Somebody may take a port between our asking for a free one and our using it.
  for (int tries = 0;; ++tries) {
    config->listeners[0].bind = {kAddress, parts_->port = free_port()};
    config->listeners[1].bind = {kAddress, parts_->other_port = free_port()};
    const auto error = parts_->server.configure(config);
    if (!error) break;
    if (tries == 10) throw std::runtime_error(error->what);
  }
}

World::~World() {
  if (parts_->thread.joinable()) {
    asio::post(parts_->io, [this] {
      parts_->server.shut_down();
      parts_->guard.reset();
      parts_->io.stop();
    });
    parts_->thread.join();
  }
}

void World::open() {
  parts_->thread = std::thread([this] { parts_->io.run(); });
}

// The bytes of an answer may be heard before the handler that wrote them has ended, and what that
// has posted runs after it: hence more than one round through the queue of the io thread.
void World::settle() {
  for (int round = 0; round < 3; ++round) {
    std::promise<void> reached;
    asio::post(parts_->io, [&reached] { reached.set_value(); });
    reached.get_future().wait();
  }
}

std::uint16_t World::port() const {
  return parts_->port;
}
std::uint16_t World::other_port() const {
  return parts_->other_port;
}
std::size_t World::sessions() const {
  return parts_->server.connections();
}

std::vector<Transaction> World::queued() const {
  std::vector<Transaction> all;
  for (const auto& [message, content] : store->kept())
    all.push_back(transaction_of(*message, content));
  return all;
}

}  // namespace postern::smtpd::dialogue

#pragma once
// One client's connection: moves bytes between the socket and the Session, and messages to the
// queue. Lives on one io thread for good. Exceptions end this session only.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "core/clock.hpp"
#include "core/metrics.hpp"
#include "net/stream.hpp"
#include "queue/committer.hpp"
#include "smtpd/pace.hpp"
#include "smtpd/policy.hpp"
#include "smtpd/session.hpp"

namespace boost::asio::ssl {
class context;
}

namespace postern::smtpd {

/// What connections share; outlives them.
struct Services {
  queue::Committer& committer;
  const Clock& clock;
  Metrics& metrics;
};

/// How many clients there are, on all listeners. Thread-safe.
struct Crowd {
  explicit Crowd(std::size_t limit) : most(limit) {}
  std::atomic<std::size_t> open{0};
  const std::size_t most;  // what the descriptors allow
};

/// One listener's rules at the time a client came; a reload leaves its sessions theirs.
struct Door {
  /// The last fifth of the places is for trusted networks.
  bool has_place(bool trusted) const;
  /// Nearly no place is left: those who have one must hurry.
  bool is_crowded() const;

  config::Listener settings;
  SessionSettings session;
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: none
  std::shared_ptr<const Crowd> crowd;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, Peer peer, std::shared_ptr<const Door> door,
             Services services);

  /// The whole dialogue; ends when the connection is closed.
  boost::asio::awaitable<void> run();
  /// On the connection's thread: a message under way may finish, then 421.
  void shut_down();
  /// On the connection's thread: others wait for a place, so idle time is short now.
  void hurry();
  /// On the connection's thread: at once.
  void close() { stream_.close(); }

 private:
  using PutResult = std::variant<queue::Receipt, queue::StorageFault>;
  using ChunkResult = std::optional<queue::StorageFault>;

  boost::asio::awaitable<bool> start_tls();
  boost::asio::awaitable<bool> await_turn();
  boost::asio::awaitable<void> pause(Duration duration);
  Tick deadline() const;
  void expire_at(Tick tick);
  void log_sign_ins();
  void log_fault(const std::string& id, const queue::StorageFault& fault);
  boost::asio::awaitable<bool> flush();
  boost::asio::awaitable<bool> read();
  boost::asio::awaitable<void> store_chunk();
  boost::asio::awaitable<void> store_message();
  boost::asio::awaitable<PutResult> put(Received received);
  boost::asio::awaitable<ChunkResult> put_chunk(Chunk chunk);
  void drop_abandoned();

  std::shared_ptr<const Door> door_;
  net::Stream stream_;
  Peer peer_;
  Services services_;
  Session session_;
  Pace pace_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // what the session has not taken yet
  std::size_t end_ = 0;
  bool reading_ = false;                          // the client is waited for
  boost::asio::steady_timer* pausing_ = nullptr;  // while the client is kept waiting
  bool shutting_down_ = false;
  Tick last_reads_until_ = Tick::max();  // while the server goes down
};

}  // namespace postern::smtpd

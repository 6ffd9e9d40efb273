#pragma once
// The SMTP connections of one transport on one io thread, and the messages that wait for them.
// transports/smtp_pool spreads messages over lanes; connections take the next message themselves
// as soon as the peer lets them, so that a busy connection never waits for the scheduler.
//
// All but submit() and close() runs on the lane's thread. A connection introduces itself with one
// EHLO name for good: brands do not share connections.
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/resolver.hpp"
#include "net/tls.hpp"
#include "transports/smtp_handshake.hpp"
#include "transports/transport.hpp"

namespace postern::transports {

class SmtpConnection;

/// What every connection to one smarthost needs. `clock` and `resolver` outlive the io threads'
/// work; the rest is shared.
struct SmtpSettings {
  std::string host;
  std::uint16_t port = 587;
  config::TransportTls tls = config::TransportTls::starttls;
  bool verify = true;
  std::shared_ptr<boost::asio::ssl::context> tls_context;
  std::string username;
  Secret password;
  Duration timeout = std::chrono::seconds(60);
  std::uint32_t connections = 10;  // of all lanes together
  ReplyRules rules;
  std::shared_ptr<net::Resolver> resolver;
  const Clock* clock = nullptr;
  /// Header fields to put before the message (DKIM-Signature); may throw. Empty function: none.
  std::function<std::string(const Message&, const Content&)> sign;
};

/// One parcel on its way.
struct SmtpJob {
  Parcel parcel;
  Done done;
  std::string prefix;       // what sign() made of it
  bool is_retried = false;  // was given back once by a connection that turned out dead
};

class SmtpLane : public std::enable_shared_from_this<SmtpLane> {
 public:
  SmtpLane(std::shared_ptr<const SmtpSettings> settings, boost::asio::any_io_executor executor,
           std::uint32_t max_connections);

  // From any thread.
  void submit(SmtpJob job);
  /// Idle connections quit, busy ones when nothing is left to do; what is submitted later fails.
  void close();
  /// Messages here, waiting or under way.
  std::uint32_t load() const { return load_.load(std::memory_order_relaxed); }
  std::uint32_t max_connections() const { return max_connections_; }

  // From connections.
  const SmtpSettings& settings() const { return *settings_; }
  /// The next message for a connection of this name; nothing when another name has waited enough.
  std::optional<SmtpJob> take(const std::string& ehlo_name);
  /// The same to have it ready behind the one under way: only what no other connection could begin.
  std::optional<SmtpJob> take_ahead(const std::string& ehlo_name);
  /// First in the queue again: the connection was dead before it could begin.
  void give_back(SmtpJob job);
  void finish(SmtpJob& job, Report report);
  void became_ready(SmtpConnection& connection);
  /// False: quit instead. While idle the lane may hand it a job or wake it to quit.
  bool became_idle(SmtpConnection& connection);
  void no_longer_idle(SmtpConnection& connection);
  void ended(SmtpConnection& connection);

 private:
  void accept();
  /// `spoken_for`: waiting messages that somebody is about to take.
  void dispatch(std::size_t spoken_for = 0);
  bool hand_to_idle();
  bool may_open(const std::string& ehlo_name) const;
  void open(const std::string& ehlo_name);
  void retire_idle();
  void fail_waiting(const Outcome& outcome);
  bool has_ready(const std::string& ehlo_name) const;

  const std::shared_ptr<const SmtpSettings> settings_;
  const boost::asio::any_io_executor executor_;
  const std::uint32_t max_connections_;
  std::atomic<std::uint32_t> load_{0};

  std::mutex inbox_mutex_;
  std::vector<SmtpJob> inbox_;

  std::deque<SmtpJob> waiting_;
  std::uint32_t passed_over_ = 0;             // jobs taken before the first of waiting_
  std::vector<SmtpConnection*> connections_;  // all of them
  std::vector<SmtpConnection*> idle_;         // last in, first out
  bool is_peer_up_ = true;                    // the last set-up worked
  Tick no_more_before_{};                     // while others work, a failed set-up is not repeated
  bool is_closing_ = false;
};

}  // namespace postern::transports

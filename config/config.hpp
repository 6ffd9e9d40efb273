#pragma once
// The configuration as values: every setting with its unit and default. load.hpp fills it from a
// file or the environment; everybody else only reads. Immutable after loading; shared by pointer.
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/secret.hpp"

namespace postern::config {

using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

/// A CIDR block, IPv4 or IPv6.
struct Network {
  boost::asio::ip::network_v6 v6;
  boost::asio::ip::network_v4 v4;
  bool is_v4 = true;
  /// An IPv4-mapped IPv6 address is looked up as IPv4.
  bool contains(const boost::asio::ip::address& address) const;
};

/// host:port; the host is an IP literal.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Messages or requests per second; 0: unlimited.
struct Rate {
  double per_second = 0;
};

/// Waits between attempts, "30s, 2m, 15m*2, 3h*": step i is taken `times` times, the last for ever
/// when `times` is 0.
struct RetryStep {
  Duration wait{};
  unsigned times = 1;
};
using RetrySchedule = std::vector<RetryStep>;

enum class OnUncertain { wait, resend, failover };

struct Server {
  std::string name;      // in logs and leases; default: host name
  std::string hostname;  // greeting and EHLO name; default: name
  std::filesystem::path state = "/var/lib/postern";
  unsigned io_threads = 0;  // 0: one per core
};

struct Queue {
  std::string store = "sqlite";
  RetrySchedule retry;  // default set by load: "30s, 2m, 5m, 15m*2, 1h*6, 3h*"
  Duration expire_after = 72h;
  Duration delay_notice = 4h;  // when a sender who asked for it hears that mail is late
  Duration max_hold = 168h;    // longest time a client may have mail held (FUTURERELEASE)
  Duration keep_history = 720h;
  Duration keep_bodies = 72h;
  Duration dedupe_window = 1h;
  std::uint64_t max_size_bytes = 10 * kGiB;
  Duration failover_after = 30s;
  OnUncertain on_uncertain = OnUncertain::wait;
  std::uint64_t memory_bytes = 8 * kMiB;  // bodies of ready messages kept in memory
  std::uint32_t memory_messages = 5'000;  // ready messages kept in memory
};

enum class ListenerTls { none, starttls, required, implicit };
enum class Auth { off, optional, required };

struct Listener {
  Endpoint bind{"0.0.0.0", 2525};
  ListenerTls tls = ListenerTls::none;
  std::vector<Network> trusted;  // default: loopback and private ranges
  Auth auth = Auth::optional;
  std::uint64_t max_message_bytes = 36 * kMiB;
  std::uint32_t max_recipients = 1000;
  std::uint32_t max_connections = 1000;
  std::uint32_t max_connections_per_address = 200;
  bool proxy_protocol = false;   // clients come through proxies, which are in `trusted`
  Duration idle_timeout = 300s;  // RFC 5321 section 4.5.3.2.7
};

/// What listeners with TLS show. The files are read with the configuration, so that what was
/// checked is what is used.
struct Tls {
  std::filesystem::path certificate;  // PEM: the server's own first, then its issuers
  std::filesystem::path key;          // PEM, without a passphrase
  std::string chain_pem;
  Secret key_pem;
  Time not_before{};
  Time not_after{};
};

/// A client's user name, what proves it and what it may do.
struct Credential {
  std::string username;
  Secret password;
  std::vector<std::string> senders;  // domains, lower case; empty: all
  std::string domain;                // whose route its mail takes; empty: the sender's
};

enum class TransportTls { starttls, implicit, opportunistic, none };
enum class DkimBy { provider, relay };

/// Name=Value on each message, for the provider's own reports.
struct Tag {
  std::string name;
  std::string value;
};

/// One way out. Which fields count depends on `type`; load refuses those that do not belong.
struct Transport {
  std::string name;
  std::string type;  // mailgun | ses | smtp | capture
  std::uint32_t concurrency = 20;
  Rate rate;
  Duration timeout = 60s;
  std::uint64_t max_message_bytes = 25 * kMiB;  // default of load: default_max_message_bytes()
  // mailgun, ses
  std::string region = "us";  // mailgun: us | eu; ses: as AWS names it, required
  std::string base_url;       // scheme://host:port; empty: the region's own
  // mailgun
  Secret api_key;
  // ses
  Secret access_key_id;
  Secret secret_access_key;
  Secret session_token;           // of temporary credentials
  std::string configuration_set;  // empty: the account's default
  std::vector<Tag> tags;          // EmailTags of every message
  // smtp
  std::string host;
  std::uint16_t port = 587;
  TransportTls tls = TransportTls::starttls;
  bool verify = true;
  std::filesystem::path ca_file;  // empty: the system's
  std::string username;
  Secret password;
  std::uint32_t connections = 10;
  DkimBy dkim = DkimBy::relay;
  // capture
  std::filesystem::path directory;
};

/// Mailgun takes 25 MiB in all; SES 40 MB in base64; others usually take 25 MiB of attachments,
/// which base64 makes 36.
std::uint64_t default_max_message_bytes(std::string_view type);

struct DkimKey {
  std::string selector;
  Secret key;  // PEM, RSA or Ed25519
};

/// One product, or "*".
struct Domain {
  std::string name;                     // lower case
  std::vector<std::string> transports;  // order of preference; empty: all, in file order
  std::string mailgun_domain;           // default: the sender's domain
  bool hide_origin = false;
  std::optional<OnUncertain> on_uncertain;
  std::vector<DkimKey> dkim;
};

struct Breaker {
  unsigned failures = 5;
  Duration open_for = 1min;
  Duration open_max = 15min;
};

struct Suppression {
  Duration
      refused_for{};  // how long a refused address stays on the list; 0: it does not come on it
};

struct Admin {
  std::string socket = "admin.sock";                           // under server.state unless absolute
  std::optional<Endpoint> bind = Endpoint{"127.0.0.1", 8080};  // none: socket only
  Secret token;
};

struct Log {
  log::Level level = log::Level::info;
  log::Format format = log::Format::text;
};

/// One mistake in a configuration; printed as FILE:LINE:COLUMN: what.
struct Mistake {
  std::string file;  // a path, or "environment"
  unsigned line = 0;
  unsigned column = 0;
  std::string what;  // with a suggestion where there is a close known word
  std::string to_string() const;
};

struct Config {
  Server server;
  Queue queue;
  std::vector<Listener> listeners;  // never empty after loading
  Tls tls;
  std::vector<Credential> credentials;
  std::vector<Transport> transports;
  std::vector<Domain> domains;
  Breaker breaker;
  Suppression suppression;
  Admin admin;
  Log log;
  std::vector<Mistake> warnings;  // what is allowed, and hardly meant
  /// "admin.bind" -> "FILE:LINE:COLUMN", for what the file says; "" -> the file.
  std::map<std::string, std::string, std::less<>> places;

  /// The exact domain's entry, else "*", else nullptr. `domain` in lower case.
  const Domain* find_domain(std::string_view domain) const;
  const Transport* find_transport(std::string_view name) const;
  std::filesystem::path admin_socket() const;
  /// Where an operator finds a setting: "[admin] bind, FILE:LINE:COLUMN" for "admin.bind".
  std::string where(std::string_view setting) const;
};

}  // namespace postern::config

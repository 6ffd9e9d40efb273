#include "config/sections.hpp"

#include <unistd.h>

#include "config/load.hpp"

namespace postern::config {
namespace {

// In the order of the enumerations in config.hpp.
constexpr std::array kOnUncertain{Word{"wait"}, Word{"resend"}, Word{"failover"}};
constexpr std::array kListenerTls{Word{"none"}, Word{"starttls"}, Word{"required"},
                                  Word{"implicit"}};
constexpr std::array kAuth{Word{"off"}, Word{"optional"}, Word{"required"}};
constexpr std::array kTransportTls{Word{"starttls"}, Word{"implicit"}, Word{"opportunistic"},
                                   Word{"none"}};
constexpr std::array kDkimBy{Word{"provider"}, Word{"relay"}};
constexpr std::array kLevels{Word{"debug"}, Word{"info"}, Word{"warning"}, Word{"error"}};
constexpr std::array kFormats{Word{"text"}, Word{"json"}};

constexpr std::array kTypes{Word{"mailgun"}, Word{"ses"}, Word{"smtp"}, Word{"capture"}};
constexpr std::array kRegions{Word{"us"}, Word{"eu"}};

constexpr Bounds<std::uint64_t> kMessageSize{kKiB, kGiB};

/// "sqlite", or a database's URL, which is for a later version.
void describe_store(Fields& fields, std::string& store) {
  const auto parse = [](const std::string& text) -> std::optional<std::string> {
    if (text == "sqlite") return std::nullopt;
    if (text.starts_with("postgresql:") || text.starts_with("postgres:"))
      return "a PostgreSQL store is not part of this version (\"sqlite\")";
    return "is not \"sqlite\", the one store of this version";
  };
  fields.string("store", Presence::optional, parse, store);
}

void describe_mailgun(Fields& fields, Transport& transport) {
  fields.word("region", transport.region, Presence::optional, kRegions);
  fields.url("base_url", transport.base_url);
  fields.secret("api_key", Presence::required, transport.api_key);
}

void describe_ses(Fields& fields, Transport& transport) {
  fields.region("region", transport.region, Presence::required);
  fields.url("base_url", transport.base_url);
  fields.secret("access_key_id", Presence::required, transport.access_key_id);
  fields.secret("secret_access_key", Presence::required, transport.secret_access_key);
  fields.secret("session_token", Presence::optional, transport.session_token);
  fields.name("configuration_set", transport.configuration_set);
  fields.tags("tags", transport.tags);
  fields.word("dkim", transport.dkim, kDkimBy);
}

void describe_smtp(Fields& fields, Transport& transport) {
  fields.host("host", transport.host, Presence::required);
  fields.port("port", transport.port);
  fields.word("tls", transport.tls, kTransportTls);
  fields.flag("verify", transport.verify);
  fields.certificates("ca_file", transport.ca_file);
  fields.text("username", transport.username);
  fields.secret("password", Presence::optional, transport.password);
  fields.number("connections", transport.connections, {1, 1000});
  fields.word("dkim", transport.dkim, kDkimBy);
}

}  // namespace

void describe(Fields& fields, Server& server) {
  fields.name("name", server.name);
  fields.host("hostname", server.hostname, Presence::optional);
  fields.directory("state", server.state, Presence::optional);
  fields.number("io_threads", server.io_threads, {0, 1024});
}

void describe(Fields& fields, Queue& queue) {
  describe_store(fields, queue.store);
  fields.retry("retry", queue.retry);
  fields.duration("expire_after", queue.expire_after, kSomeDuration);
  fields.duration("delay_notice", queue.delay_notice, kSomeDuration);
  fields.duration("max_hold", queue.max_hold, kAnyDuration);
  fields.duration("keep_history", queue.keep_history, kAnyDuration);
  fields.duration("keep_bodies", queue.keep_bodies, kAnyDuration);
  fields.duration("dedupe_window", queue.dedupe_window, kAnyDuration);
  fields.size("max_size", queue.max_size_bytes, {kMiB, 1024 * 1024 * kGiB});
  fields.duration("failover_after", queue.failover_after, kAnyDuration);
  fields.word("on_uncertain", queue.on_uncertain, kOnUncertain);
}

void describe(Fields& fields, Listener& listener) {
  fields.endpoint("bind", listener.bind);
  fields.word("tls", listener.tls, kListenerTls);
  fields.networks("trusted", listener.trusted);
  fields.word("auth", listener.auth, kAuth);
  fields.size("max_message", listener.max_message_bytes, kMessageSize);
  fields.number("max_recipients", listener.max_recipients, {1, 100'000});
  fields.number("max_connections", listener.max_connections, {1, 1'000'000});
  fields.number("max_connections_per_address", listener.max_connections_per_address,
                {1, 1'000'000});
  fields.flag("proxy_protocol", listener.proxy_protocol);
}

void describe(Fields& fields, Tls& tls) {
  fields.file("certificate", tls.certificate);
  fields.file("key", tls.key);
}

void describe(Fields& fields, Credential& credential) {
  fields.text("username", credential.username, Presence::required);
  fields.secret("password", Presence::required, credential.password);
  fields.domains("senders", credential.senders);
  fields.host("domain", credential.domain, Presence::optional);
}

void describe(Fields& fields, Transport& transport) {
  fields.name("name", transport.name, Presence::required);
  fields.word("type", transport.type, Presence::required, kTypes);
  if (transport.type.empty()) return;
  if (transport.type == "mailgun") describe_mailgun(fields, transport);
  if (transport.type == "ses") describe_ses(fields, transport);
  if (transport.type == "smtp") describe_smtp(fields, transport);
  if (transport.type == "capture")
    fields.directory("directory", transport.directory, Presence::required);
  fields.number("concurrency", transport.concurrency, {1, 10'000});
  fields.rate("rate", transport.rate);
  fields.duration("timeout", transport.timeout, kSomeDuration);
  fields.size("max_message", transport.max_message_bytes, kMessageSize);
}

void describe(Fields& fields, Domain& domain) {
  fields.host("name", domain.name, Presence::required, true);
  fields.names("transports", domain.transports);
  fields.host("mailgun_domain", domain.mailgun_domain, Presence::optional);
  fields.flag("hide_origin", domain.hide_origin);
  fields.word("on_uncertain", domain.on_uncertain, kOnUncertain);
}

void describe(Fields& fields, DkimKey& key) {
  fields.host("selector", key.selector, Presence::required);
  fields.secret("key", Presence::required, key.key);
}

void describe(Fields& fields, Breaker& breaker) {
  fields.number("failures", breaker.failures, {1, 10'000});
  fields.duration("open_for", breaker.open_for, kSomeDuration);
  fields.duration("open_max", breaker.open_max, kSomeDuration);
}

void describe(Fields& fields, Suppression& suppression) {
  fields.duration("refused_for", suppression.refused_for, kAnyDuration);
}

void describe(Fields& fields, Admin& admin) {
  fields.text("socket", admin.socket);
  fields.endpoint("bind", admin.bind);
  fields.secret("token", Presence::optional, admin.token);
}

void describe(Fields& fields, Log& log) {
  fields.word("level", log.level, kLevels);
  fields.word("format", log.format, kFormats);
}

Queue default_queue() {
  Queue queue;
  queue.retry = parse_retry(kDefaultRetry).value();
  return queue;
}

Listener default_listener() {
  Listener listener;
  for (const std::string_view network : kDefaultTrusted)
    listener.trusted.push_back(parse_network(network).value());
  return listener;
}

void fill_names(Server& server) {
  if (server.name.empty()) {
    std::array<char, 256> name{};
    const bool known = gethostname(name.data(), name.size() - 1) == 0 && name.front() != '\0';
    server.name = known ? name.data() : "localhost";
  }
  if (server.hostname.empty()) server.hostname = server.name;
}

}  // namespace postern::config

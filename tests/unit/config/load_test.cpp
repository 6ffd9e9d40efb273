// A good configuration becomes its values; what is left out has the defaults of the interface.
#include "config/load.hpp"

#include <gmock/gmock.h>

#include "config/units.hpp"
#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<std::string> texts_of(const std::vector<Network>& networks) {
  std::vector<std::string> texts;
  for (const Network& network : networks) texts.push_back(format_network(network));
  return texts;
}

TEST(Load, NeedsNothingButATransport) {
  const Config config = config_of(kWayOut);
  ASSERT_THAT(config.transports, SizeIs(1));
  EXPECT_EQ(config.transports[0].name, "out");
  EXPECT_EQ(config.transports[0].type, "capture");
  EXPECT_EQ(config.transports[0].directory, "x");
  EXPECT_THAT(config.domains, SizeIs(0));
}

TEST(Load, HasTheDefaultsOfTheInterface) {
  const Config config = config_of(kWayOut);
  EXPECT_EQ(config.server.state, "/var/lib/postern");
  EXPECT_FALSE(config.server.name.empty());
  EXPECT_EQ(config.server.hostname, config.server.name);
  EXPECT_EQ(config.server.io_threads, 0U);
  EXPECT_EQ(config.queue.store, "sqlite");
  EXPECT_EQ(format_retry(config.queue.retry), "30s, 2m, 5m, 15m*2, 1h*6, 3h*");
  EXPECT_EQ(config.queue.expire_after, 72h);
  EXPECT_EQ(config.queue.keep_history, 720h);
  EXPECT_EQ(config.queue.keep_bodies, 72h);
  EXPECT_EQ(config.queue.dedupe_window, 1h);
  EXPECT_EQ(config.queue.max_size_bytes, 10 * kGiB);
  EXPECT_EQ(config.queue.failover_after, 30s);
  EXPECT_EQ(config.queue.on_uncertain, OnUncertain::wait);
  EXPECT_EQ(config.breaker.failures, 5U);
  EXPECT_EQ(config.breaker.open_for, 1min);
  EXPECT_EQ(config.breaker.open_max, 15min);
  EXPECT_EQ(config.suppression.refused_for, 0s);
  EXPECT_EQ(config.admin.socket, "admin.sock");
  EXPECT_EQ(config.admin_socket(), "/var/lib/postern/admin.sock");
  EXPECT_EQ(config.admin.bind, (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(config.log.level, log::Level::info);
  EXPECT_EQ(config.log.format, log::Format::text);
}

TEST(Load, ListensByDefaultForPrivateNetworks) {
  const Config config = config_of(kWayOut);
  ASSERT_THAT(config.listeners, SizeIs(1));
  const Listener& listener = config.listeners[0];
  EXPECT_EQ(listener.bind, (Endpoint{"0.0.0.0", 2525}));
  EXPECT_EQ(listener.max_message_bytes, 36 * kMiB);
  EXPECT_EQ(listener.max_recipients, 1000U);
  EXPECT_EQ(listener.max_connections, 1000U);
  EXPECT_EQ(listener.max_connections_per_address, 200U);
  EXPECT_THAT(texts_of(listener.trusted),
              ElementsAre("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                          "fc00::/7"));
}

TEST(Load, ReadsEverySetting) {
  const Config config = config_of(R"(
    [server]
    name = "relay-1"
    hostname = "Relay.Example.com"
    state = "var/p"
    io_threads = 3
    [queue]
    retry = "1s*3, 2s"
    expire_after = "2d"
    keep_history = "0s"
    keep_bodies = "250ms"
    dedupe_window = "0s"
    max_size = "2GiB"
    failover_after = "1m"
    on_uncertain = "failover"
    [[listener]]
    bind = "[::1]:25"
    tls = "none"
    trusted = ["192.0.2.1/32"]
    auth = "off"
    max_message = "1MiB"
    max_recipients = 5
    max_connections = 6
    max_connections_per_address = 7
    proxy_protocol = true
    [[transport]]
    name = "mg"
    type = "mailgun"
    region = "eu"
    base_url = "http://127.0.0.1:9999"
    api_key = { env = "KEY" }
    concurrency = 8
    rate = "3000/m"
    timeout = "9s"
    max_message = "10MiB"
    [[transport]]
    name = "backup"
    type = "smtp"
    host = "Smtp.Example"
    port = 26
    tls = "implicit"
    verify = false
    username = "me"
    password = "word"
    connections = 11
    dkim = "provider"
    [[domain]]
    name = "Product-A.com"
    transports = ["backup", "mg"]
    mailgun_domain = "mg.product-a.com"
    hide_origin = true
    on_uncertain = "resend"
    [[domain.dkim]]
    selector = "s1"
    key = "PEM"
    [breaker]
    failures = 2
    open_for = "3s"
    open_max = "4s"
    [suppression]
    refused_for = "5d"
    [admin]
    socket = "/run/a.sock"
    bind = ""
    token = "t"
    [log]
    level = "error"
    format = "json"
  )",
                                  {{"KEY", "k-1"}});
  EXPECT_EQ(config.server.name, "relay-1");
  EXPECT_EQ(config.server.hostname, "relay.example.com");
  EXPECT_EQ(config.server.state, "var/p");
  EXPECT_EQ(config.server.io_threads, 3U);
  EXPECT_EQ(format_retry(config.queue.retry), "1s*3, 2s");
  EXPECT_EQ(config.queue.expire_after, 48h);
  EXPECT_EQ(config.queue.keep_history, 0s);
  EXPECT_EQ(config.queue.keep_bodies, 250ms);
  EXPECT_EQ(config.queue.dedupe_window, 0s);
  EXPECT_EQ(config.queue.max_size_bytes, 2 * kGiB);
  EXPECT_EQ(config.queue.failover_after, 1min);
  EXPECT_EQ(config.queue.on_uncertain, OnUncertain::failover);
  ASSERT_THAT(config.listeners, SizeIs(1));
  EXPECT_EQ(config.listeners[0].bind, (Endpoint{"::1", 25}));
  EXPECT_THAT(config.listeners[0].trusted, SizeIs(1));
  EXPECT_TRUE(config.listeners[0].proxy_protocol);
  EXPECT_EQ(config.listeners[0].auth, Auth::off);
  EXPECT_EQ(config.listeners[0].max_message_bytes, kMiB);
  EXPECT_EQ(config.listeners[0].max_recipients, 5U);
  EXPECT_EQ(config.listeners[0].max_connections, 6U);
  EXPECT_EQ(config.listeners[0].max_connections_per_address, 7U);
  const Transport* mailgun = config.find_transport("mg");
  ASSERT_NE(mailgun, nullptr);
  EXPECT_EQ(mailgun->region, "eu");
  EXPECT_EQ(mailgun->base_url, "http://127.0.0.1:9999");
  EXPECT_EQ(mailgun->api_key.reveal(), "k-1");
  EXPECT_EQ(mailgun->concurrency, 8U);
  EXPECT_EQ(mailgun->rate.per_second, 50);
  EXPECT_EQ(mailgun->timeout, 9s);
  EXPECT_EQ(mailgun->max_message_bytes, 10 * kMiB);
  EXPECT_EQ(mailgun->dkim, DkimBy::provider);
  const Transport* backup = config.find_transport("backup");
  ASSERT_NE(backup, nullptr);
  EXPECT_EQ(backup->host, "smtp.example");
  EXPECT_EQ(backup->port, 26);
  EXPECT_EQ(backup->tls, TransportTls::implicit);
  EXPECT_FALSE(backup->verify);
  EXPECT_EQ(backup->username, "me");
  EXPECT_EQ(backup->password.reveal(), "word");
  EXPECT_EQ(backup->connections, 11U);
  EXPECT_EQ(backup->dkim, DkimBy::provider);
  const Domain* domain = config.find_domain("product-a.com");
  ASSERT_NE(domain, nullptr);
  EXPECT_THAT(domain->transports, ElementsAre("backup", "mg"));
  EXPECT_EQ(domain->mailgun_domain, "mg.product-a.com");
  EXPECT_TRUE(domain->hide_origin);
  EXPECT_EQ(domain->on_uncertain, OnUncertain::resend);
  ASSERT_THAT(domain->dkim, SizeIs(1));
  EXPECT_EQ(domain->dkim[0].selector, "s1");
  EXPECT_EQ(domain->dkim[0].key.reveal(), "PEM");
  EXPECT_EQ(config.breaker.failures, 2U);
  EXPECT_EQ(config.breaker.open_for, 3s);
  EXPECT_EQ(config.breaker.open_max, 4s);
  EXPECT_EQ(config.suppression.refused_for, 120h);
  EXPECT_EQ(config.admin_socket(), "/run/a.sock");
  EXPECT_EQ(config.admin.bind, std::nullopt);
  EXPECT_EQ(config.admin.token.reveal(), "t");
  EXPECT_EQ(config.log.level, log::Level::error);
  EXPECT_EQ(config.log.format, log::Format::json);
}

TEST(Load, TakesTheHostnameFromTheName) {
  const Config config = config_of("[server]\nname = \"relay-7\"\n" + kWayOut);
  EXPECT_EQ(config.server.hostname, "relay-7");
}

TEST(Load, FindsTheExactDomainBeforeTheStar) {
  const Config config =
      config_of("[[domain]]\nname = \"*\"\n[[domain]]\nname = \"a.com\"\n" + kWayOut);
  EXPECT_EQ(config.find_domain("a.com")->name, "a.com");
  EXPECT_EQ(config.find_domain("b.com")->name, "*");
  EXPECT_EQ(config_of(kWayOut).find_domain("a.com"), nullptr);
}

TEST(Load, TakesTheFilesThatDevelopersRun) {
  const Loaded loaded = load_file(POSTERN_SOURCE_DIR "/config/dev.toml", environment_of({}));
  EXPECT_THAT(lines_of(loaded), ElementsAre());
  const Config& config = std::get<Config>(loaded);
  EXPECT_EQ(config.listeners[0].bind, (Endpoint{"127.0.0.1", 2525}));
  EXPECT_EQ(config.server.state, "var/postern");
  EXPECT_EQ(config.transports[0].directory, "var/mail");
  EXPECT_EQ(config.admin.bind, (Endpoint{"127.0.0.1", 8080}));
}

TEST(Ses, HasItsOwnKeys) {
  const Config config = config_of(
      "[[transport]]\nname = \"aws\"\ntype = \"ses\"\nregion = \"eu-west-1\"\n"
      "access_key_id = { env = \"ID\" }\nsecret_access_key = \"s\"\nsession_token = \"t\"\n"
      "configuration_set = \"postern\"\ntags = [\"product=a\", \"team=b_1\"]\ndkim = \"relay\"\n",
      {{"ID", "AKID"}});
  const Transport& ses = config.transports.at(0);
  EXPECT_EQ(ses.region, "eu-west-1");
  EXPECT_EQ(ses.access_key_id.reveal(), "AKID");
  EXPECT_EQ(ses.secret_access_key.reveal(), "s");
  EXPECT_EQ(ses.session_token.reveal(), "t");
  EXPECT_EQ(ses.configuration_set, "postern");
  ASSERT_EQ(ses.tags.size(), 2U);
  EXPECT_EQ(ses.tags[1].name, "team");
  EXPECT_EQ(ses.tags[1].value, "b_1");
  EXPECT_EQ(ses.dkim, DkimBy::relay);
  EXPECT_EQ(ses.max_message_bytes, 28 * kMiB);
  EXPECT_EQ(show(config_of(show(config))), show(config));
}

TEST(Ses, SignsItselfUnlessToldOtherwise) {
  EXPECT_EQ(config_of("[[transport]]\nname = \"aws\"\ntype = \"ses\"\nregion = \"eu-west-1\"\n"
                      "access_key_id = \"i\"\nsecret_access_key = \"s\"\n")
                .transports.at(0)
                .dkim,
            DkimBy::provider);
}

}  // namespace
}  // namespace postern::config

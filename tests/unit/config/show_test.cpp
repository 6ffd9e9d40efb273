// What is shown loads again to the same configuration; secrets are never in it.
#include <gmock/gmock.h>

#include <fstream>
#include <random>
#include <set>

#include "config/key_names.hpp"
#include "tests/support/certificate.hpp"
#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

const std::string kExample = POSTERN_SOURCE_DIR "/config/postern.example.toml";
const Variables kExampleVariables{
    {"MAILGUN_API_KEY", "k-mailgun"},          {"AWS_ACCESS_KEY_ID", "k-aws-id"},
    {"AWS_SECRET_ACCESS_KEY", "k-aws-secret"}, {"AWS_SESSION_TOKEN", "k-aws-token"},
    {"BACKUP_PASSWORD", "k-backup"},           {"PRODUCT_A_PASSWORD", "k-product-a"},
    {"POSTERN_ADMIN_TOKEN", "k-admin"},        {"PRODUCT_A_DKIM_KEY", "k-dkim"}};

// With a certificate of this machine: the example's is the operator's.
Config example() {
  static const testing::Certificate certificate;
  std::string text = testing::read_text(kExample);
  const auto put = [&text](std::string_view old, const std::string& name) {
    text.replace(text.find(old), old.size(), name);
  };
  put("/etc/postern/tls/fullchain.pem", certificate.file());
  put("/etc/postern/tls/privkey.pem", certificate.key());
  Loaded loaded = load_text(text, kExample, environment_of(kExampleVariables));
  EXPECT_THAT(lines_of(loaded), ElementsAre());
  return std::get<Config>(std::move(loaded));
}

TEST(Example, LoadsWithItsVariables) {
  const Config config = example();
  EXPECT_EQ(config.transports.size(), 4U);
  EXPECT_EQ(config.find_transport("backup")->password.reveal(), "k-backup");
}

TEST(Example, HasEveryKey) {
  std::ifstream file(kExample);
  std::set<std::string> keys;
  std::string section;
  for (std::string line; std::getline(file, line);) {
    const auto end = line.find_first_of(" =]");
    if (line.starts_with('['))
      section = line.substr(line.find_first_not_of('['), end - line.find_first_not_of('['));
    else if (!line.empty() && line.front() != '#' && end != std::string::npos)
      keys.insert(section + '.' + line.substr(0, end));
  }
  EXPECT_THAT(keys, IsSupersetOf(known_keys()));
}

TEST(Show, HidesEverySecret) {
  const std::string shown = show(example());
  for (const auto& [name, secret] : kExampleVariables)
    EXPECT_THAT(shown, Not(HasSubstr(secret))) << name;
  EXPECT_THAT(shown, HasSubstr("api_key = \"***\""));
}

TEST(Show, OfTheExampleLoadsAgain) {
  const std::string shown = show(example());
  EXPECT_EQ(show(config_of(shown)), shown);
}

TEST(Show, EscapesStrings) {
  Config config = example();
  config.admin.socket = "a\"b\\c d";
  EXPECT_EQ(config_of(show(config)).admin.socket, config.admin.socket);
  config.transports[2].username = "\xC3\xBC\x01\x7F";
  EXPECT_THAT(show(config), HasSubstr("username = \"\xC3\xBC\\u0001\\u007F\""));
}

TEST(Show, LeavesOutWhatIsNotSet) {
  const std::string shown = show(config_of(kWayOut));
  for (const char* key : {"rate", "token", "api_key", "[[domain]]", "username"})
    EXPECT_THAT(shown, Not(HasSubstr(key)));
}

TEST(Show, KeepsAnAdminInterfaceWithoutAPort) {
  const Config config = config_of("[admin]\nbind = \"\"\n" + kWayOut);
  EXPECT_EQ(config_of(show(config)).admin.bind, std::nullopt);
}

/// Random, but always the same, and valid.
Config random_config(std::mt19937& random) {
  const auto below = [&](unsigned bound) {
    return std::uniform_int_distribution<unsigned>(0, bound - 1)(random);
  };
  Config config = config_of(kWayOut);
  config.server.io_threads = below(1025);
  config.queue.retry.clear();
  for (unsigned i = 0; i <= below(4); ++i)
    config.queue.retry.push_back({Duration{1 + below(100'000'000)}, 1 + below(3)});
  if (below(2) == 0) config.queue.retry.back().times = 0;
  config.queue.expire_after = Duration{1 + below(4'000'000'000)};
  config.queue.keep_history = below(100) * std::chrono::hours(24);
  config.queue.max_size_bytes = kMiB + below(4'000'000'000);
  config.queue.on_uncertain = static_cast<OnUncertain>(below(3));
  for (Listener& listener : config.listeners) {
    listener.auth = static_cast<Auth>(below(2));
    listener.max_message_bytes = kKiB + below(1'000'000);
    const std::string octets = std::to_string(below(256)) + '.' + std::to_string(below(256));
    listener.trusted = {parse_network(octets + ".0.0/16").value()};
  }
  for (unsigned i = 0; i < below(4); ++i) {
    Transport& transport = config.transports.emplace_back();
    transport.name = "smtp-" + std::to_string(i);
    transport.type = "smtp";
    transport.host = "mx" + std::to_string(below(9)) + ".example";
    transport.port = static_cast<std::uint16_t>(1 + below(65535));
    transport.tls = static_cast<TransportTls>(below(4));
    transport.verify = below(2) == 0;
    transport.rate.per_second = (1 + below(100'000)) / (below(2) == 0 ? 3600.0 : 60.0);
    transport.dkim = static_cast<DkimBy>(below(2));
    if (below(2) == 0) continue;
    transport.username = "user " + std::to_string(below(100));
    transport.password = Secret("***");
  }
  Domain& domain = config.domains.emplace_back();
  domain.name = below(2) == 0 ? "*" : "product.example";
  if (below(2) == 0) domain.transports = {config.transports.back().name};
  if (below(2) == 0) domain.on_uncertain = static_cast<OnUncertain>(below(3));
  domain.hide_origin = below(2) == 0;
  if (below(2) == 0) domain.dkim.push_back({"s1", Secret("***")});
  config.log.level = static_cast<log::Level>(below(4));
  return config;
}

TEST(Show, OfAnyConfigurationLoadsAgainToTheSame) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const Config before = random_config(random);
    const std::string shown = show(before);
    const Config after = config_of(shown);
    ASSERT_EQ(show(after), shown);
    ASSERT_EQ(after.queue.expire_after, before.queue.expire_after);
    ASSERT_EQ(after.queue.max_size_bytes, before.queue.max_size_bytes);
    ASSERT_EQ(after.queue.retry.size(), before.queue.retry.size());
    ASSERT_EQ(after.queue.retry.back().times, before.queue.retry.back().times);
    ASSERT_EQ(after.transports.size(), before.transports.size());
    ASSERT_EQ(after.transports.back().rate.per_second, before.transports.back().rate.per_second);
    ASSERT_EQ(after.transports.back().tls, before.transports.back().tls);
    ASSERT_EQ(after.transports.back().password, before.transports.back().password);
    ASSERT_EQ(after.domains.back().on_uncertain, before.domains.back().on_uncertain);
    ASSERT_EQ(after.domains.back().transports, before.domains.back().transports);
    ASSERT_EQ(after.log.level, before.log.level);
  }
}

}  // namespace
}  // namespace postern::config

// The environment-only form.
#include <gmock/gmock.h>

#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

Config config_of_variables(Variables variables) {
  Loaded loaded = load_environment(environment_of(std::move(variables)));
  EXPECT_THAT(lines_of(loaded), ElementsAre());
  return std::get<Config>(std::move(loaded));
}

std::vector<std::string> said_of(Variables variables) {
  return lines_of(load_environment(environment_of(std::move(variables))));
}

TEST(EnvironmentForm, MailgunAloneIsEnough) {
  const Config config = config_of_variables({{"POSTERN_MAILGUN_API_KEY", "key-1"}});
  ASSERT_THAT(config.transports, SizeIs(1));
  EXPECT_EQ(config.transports[0].name, "mailgun");
  EXPECT_EQ(config.transports[0].type, "mailgun");
  EXPECT_EQ(config.transports[0].region, "us");
  EXPECT_EQ(config.transports[0].api_key.reveal(), "key-1");
  EXPECT_EQ(config.transports[0].dkim, DkimBy::provider);
  EXPECT_THAT(config.domains, SizeIs(0));
  EXPECT_EQ(config.listeners.at(0).bind, (Endpoint{"0.0.0.0", 2525}));
  EXPECT_THAT(config.listeners.at(0).trusted, SizeIs(6));
  EXPECT_EQ(config.server.state, "/var/lib/postern");
  EXPECT_THAT(config.queue.retry, SizeIs(6));
  EXPECT_EQ(config.admin.bind, (Endpoint{"127.0.0.1", 8080})) << "no token: loopback";
}

TEST(EnvironmentForm, TakesEveryVariable) {
  const Config config = config_of_variables({
      {"POSTERN_MAILGUN_API_KEY", "key-1"},
      {"POSTERN_MAILGUN_DOMAIN", "MG.product-a.com"},
      {"POSTERN_MAILGUN_REGION", "eu"},
      {"POSTERN_BACKUP_URL", "smtp+starttls://me:pw@mx.example:2587"},
      {"POSTERN_BIND", "127.0.0.1:25"},
      {"POSTERN_STATE", "/data"},
      {"POSTERN_STORE", "sqlite"},
      {"POSTERN_ADMIN_TOKEN", "t"},
  });
  ASSERT_THAT(config.transports, SizeIs(2));
  EXPECT_EQ(config.transports[0].region, "eu");
  EXPECT_EQ(config.transports[1].name, "backup");
  EXPECT_EQ(config.transports[1].host, "mx.example");
  EXPECT_EQ(config.transports[1].port, 2587);
  EXPECT_EQ(config.transports[1].dkim, DkimBy::relay);
  ASSERT_NE(config.find_domain("any.example"), nullptr);
  EXPECT_EQ(config.find_domain("any.example")->mailgun_domain, "mg.product-a.com");
  EXPECT_THAT(config.find_domain("any.example")->transports, SizeIs(0)) << "all, in order";
  EXPECT_EQ(config.listeners.at(0).bind, (Endpoint{"127.0.0.1", 25}));
  EXPECT_EQ(config.server.state, "/data");
  EXPECT_EQ(config.admin.token.reveal(), "t");
  EXPECT_EQ(config.admin.bind, (Endpoint{"0.0.0.0", 8080})) << "a token: reachable";
}

TEST(EnvironmentForm, NeedsAWayOut) {
  EXPECT_THAT(said_of({}),
              ElementsAre("environment: there is no way out: set POSTERN_MAILGUN_API_KEY or "
                          "POSTERN_BACKUP_URL, or use --config"));
}

TEST(EnvironmentForm, ReportsEveryMistakeAtOnce) {
  EXPECT_THAT(
      said_of({
          {"POSTERN_MAILGUN_API_KEY", ""},
          {"POSTERN_MAILGUN_DOMAIN", "mg.example"},
          {"POSTERN_MAILGUN_REGION", "eu"},
          {"POSTERN_BACKUP_URL", "ses://key:secret@nowhere"},
          {"POSTERN_BIND", "2525"},
          {"POSTERN_STORE", "postgresql://db/postern"},
          {"POSTERN_ADMIN_TOKEN", ""},
      }),
      ElementsAre(
          "environment: POSTERN_STORE is not \"sqlite\", the one store of this version",
          "environment: POSTERN_MAILGUN_API_KEY is empty",
          "environment: POSTERN_BACKUP_URL names no region: ses://key:secret@eu-west-1, with \"/\" "
          "in the secret written as %2F",
          "environment: POSTERN_BIND \"2525\" is not ADDRESS:PORT, such as \"0.0.0.0:2525\"",
          "environment: POSTERN_ADMIN_TOKEN is empty"));
}

TEST(EnvironmentForm, ChecksMailgunsVariables) {
  EXPECT_THAT(
      said_of({{"POSTERN_MAILGUN_API_KEY", "k"},
               {"POSTERN_MAILGUN_REGION", "asia"},
               {"POSTERN_MAILGUN_DOMAIN", "a/b"}}),
      ElementsAre("environment: POSTERN_MAILGUN_REGION \"asia\" is not one of \"us\", \"eu\"",
                  "environment: POSTERN_MAILGUN_DOMAIN \"a/b\" is not a domain"));
  EXPECT_THAT(
      said_of({{"POSTERN_BACKUP_URL", "smtp://h"}, {"POSTERN_MAILGUN_DOMAIN", "a.com"}}),
      ElementsAre(
          "environment: POSTERN_MAILGUN_DOMAIN is of no use without POSTERN_MAILGUN_API_KEY"));
}

TEST(EnvironmentForm, TakesSesAsTheBackup) {
  const Config config = config_of_variables(
      {{"POSTERN_MAILGUN_API_KEY", "k"}, {"POSTERN_BACKUP_URL", "ses://AKID:a%2Fb@eu-west-1"}});
  ASSERT_EQ(config.transports.size(), 2U);
  EXPECT_EQ(config.transports[1].name, "backup");
  EXPECT_EQ(config.transports[1].type, "ses");
  EXPECT_EQ(config.transports[1].secret_access_key.reveal(), "a/b");
}

TEST(EnvironmentForm, ListenerAndAdminDoNotShareAPort) {
  EXPECT_THAT(
      said_of({{"POSTERN_MAILGUN_API_KEY", "k"}, {"POSTERN_BIND", "0.0.0.0:8080"}}),
      ElementsAre("environment: POSTERN_BIND 0.0.0.0:8080 is taken by the admin interface at "
                  "127.0.0.1:8080"));
}

TEST(ProcessEnvironment, LooksVariablesUp) {
  const Environment environment = process_environment();
  EXPECT_TRUE(environment("PATH").has_value());
  EXPECT_EQ(environment("POSTERN_NO_SUCH_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace postern::config

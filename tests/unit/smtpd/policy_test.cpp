// What a configuration means at the door.
#include "smtpd/policy.hpp"

#include <gtest/gtest.h>

namespace postern::smtpd {
namespace {

config::Transport transport(std::string name, std::string type, config::DkimBy dkim) {
  config::Transport made;
  made.name = std::move(name);
  made.type = std::move(type);
  made.dkim = dkim;
  return made;
}

config::Domain domain(std::string name, std::vector<std::string> transports, bool has_key) {
  config::Domain made;
  made.name = std::move(name);
  made.transports = std::move(transports);
  if (has_key) made.dkim.push_back({"s1", Secret("pem")});
  return made;
}

ConfigPolicy policy_for(std::vector<config::Domain> domains) {
  auto config = std::make_shared<config::Config>();
  config->transports = {transport("mailgun", "mailgun", config::DkimBy::relay),
                        transport("backup", "smtp", config::DkimBy::relay),
                        transport("signing-host", "smtp", config::DkimBy::provider)};
  config->domains = std::move(domains);
  return {config, nullptr};
}

TEST(ConfigPolicy, HidesTheOriginOfTheDomainsThatSaySo) {
  config::Domain hidden = domain("hidden.example", {}, false);
  hidden.hide_origin = true;
  const ConfigPolicy policy = policy_for({hidden, domain("*", {}, false)});
  EXPECT_TRUE(policy.hide_origin("hidden.example"));
  EXPECT_FALSE(policy.hide_origin("other.example"));
}

TEST(ConfigPolicy, HashesBodiesOnlyWhereSomebodyMaySignHere) {
  const ConfigPolicy policy =
      policy_for({domain("all.example", {}, true), domain("keyless.example", {}, false),
                  domain("mailgun.example", {"mailgun"}, true),
                  domain("backup.example", {"mailgun", "backup"}, true),
                  domain("provider.example", {"signing-host"}, true)});
  EXPECT_TRUE(policy.wants_body_hash("all.example"));
  EXPECT_FALSE(policy.wants_body_hash("keyless.example"));
  EXPECT_FALSE(policy.wants_body_hash("mailgun.example"));
  EXPECT_TRUE(policy.wants_body_hash("backup.example"));
  EXPECT_FALSE(policy.wants_body_hash("provider.example"));
  EXPECT_FALSE(policy.wants_body_hash("unknown.example"));
}

TEST(ConfigPolicy, AsksTheQueueForRoom) {
  const ConfigPolicy policy(std::make_shared<config::Config>(),
                            [](std::uint64_t more_bytes) { return more_bytes > 100; });
  EXPECT_FALSE(policy.is_full(100));
  EXPECT_TRUE(policy.is_full(101));
  EXPECT_FALSE(policy_for({}).is_full(1));
}

}  // namespace
}  // namespace postern::smtpd

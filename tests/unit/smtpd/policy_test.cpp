// What a configuration means at the door.
#include "smtpd/policy.hpp"

#include <gtest/gtest.h>

#include "smtpd/session.hpp"

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
  return {config, nullptr, std::make_shared<AuthThrottle>()};
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
  const ConfigPolicy policy(
      std::make_shared<config::Config>(), [](std::uint64_t more_bytes) { return more_bytes > 100; },
      nullptr);
  EXPECT_FALSE(policy.is_full(100));
  EXPECT_TRUE(policy.is_full(101));
  EXPECT_FALSE(policy_for({}).is_full(1));
}

// ---- Who signs in
// ---------------------------------------------------------------------------------

constexpr Time kNow{std::chrono::milliseconds{1795252387000}};
const Peer kStranger{"192.0.2.7", false};

std::shared_ptr<const config::Config> with_users() {
  auto config = std::make_shared<config::Config>();
  config->credentials = {{"product-a", Secret("pw"), {"product-a.com"}, ""}};
  return config;
}

TEST(ConfigPolicy, KnowsItsUsers) {
  const ConfigPolicy policy(with_users(), nullptr, std::make_shared<AuthThrottle>());
  EXPECT_TRUE(policy.knows_users());
  const SignIn good = policy.sign_in("product-a", "pw", kStranger, kNow);
  ASSERT_NE(good.user, nullptr);
  EXPECT_EQ(good.user->username, "product-a");
  EXPECT_EQ(policy.sign_in("product-a", "wrong", kStranger, kNow).user, nullptr);
  EXPECT_EQ(policy.sign_in("product-b", "pw", kStranger, kNow).user, nullptr);
  EXPECT_FALSE(policy_for({}).knows_users());
}

TEST(ConfigPolicy, FailuresOutliveAReload) {
  const auto throttle = std::make_shared<AuthThrottle>();
  ConfigPolicy(with_users(), nullptr, throttle).sign_in("product-a", "wrong", kStranger, kNow);
  const ConfigPolicy reloaded(with_users(), nullptr, throttle);
  const SignIn late = reloaded.sign_in("product-a", "pw", kStranger, kNow);
  EXPECT_NE(late.user, nullptr);
  EXPECT_GT(late.wait, Duration{0}) << "right or wrong, the answer takes as long";
  EXPECT_EQ(reloaded.sign_in("product-a", "pw", kStranger, kNow).wait, Duration{0});
}

TEST(ConfigPolicy, ALockedAddressDoesNotEvenGetTheRightPasswordThrough) {
  const ConfigPolicy policy(with_users(), nullptr, std::make_shared<AuthThrottle>());
  for (int i = 0; i < 20; ++i) policy.sign_in("product-a", "wrong", kStranger, kNow);
  const SignIn locked = policy.sign_in("product-a", "pw", kStranger, kNow);
  EXPECT_TRUE(locked.locked);
  EXPECT_EQ(locked.user, nullptr);
  EXPECT_NE(policy.sign_in("product-a", "pw", {"192.0.2.8", false}, kNow).user, nullptr);
  EXPECT_NE(policy.sign_in("product-a", "pw", kStranger, kNow + std::chrono::minutes(16)).user,
            nullptr);
}

}  // namespace
}  // namespace postern::smtpd

#include "delivery/route.hpp"

#include <gtest/gtest.h>

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;
using State = Candidate::State;
using Kind = Choice::Kind;
using Names = std::vector<std::string_view>;

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

config::Config with_transports(std::initializer_list<const char*> names) {
  config::Config config;
  for (const char* name : names) config.transports.emplace_back().name = name;
  return config;
}
void add_domain(config::Config& config, const char* name, std::vector<std::string> transports) {
  config::Domain& domain = config.domains.emplace_back();
  domain.name = name;
  domain.transports = std::move(transports);
}

TEST(Route, ExactDomainBeforeTheDefault) {
  config::Config config = with_transports({"mailgun", "ses", "backup"});
  add_domain(config, "*", {"backup"});
  add_domain(config, "a.example", {"ses", "mailgun"});
  EXPECT_EQ(transports_for(config, "a.example"), (Names{"ses", "mailgun"}));
  EXPECT_EQ(transports_for(config, "b.example"), (Names{"backup"}));
  EXPECT_EQ(transports_for(config, "sub.a.example"), (Names{"backup"}));
}

TEST(Route, NoDomainsMeansAllInFileOrder) {
  EXPECT_EQ(transports_for(with_transports({"mailgun", "backup"}), "a.example"),
            (Names{"mailgun", "backup"}));
}

TEST(Route, DomainWithoutAListMeansAllInFileOrder) {
  config::Config config = with_transports({"mailgun", "backup"});
  add_domain(config, "a.example", {});
  EXPECT_EQ(transports_for(config, "a.example"), (Names{"mailgun", "backup"}));
}

TEST(Route, UnlistedDomainHasNoWayOutWhereOthersAreListed) {
  config::Config config = with_transports({"mailgun"});
  add_domain(config, "a.example", {"mailgun"});
  EXPECT_TRUE(transports_for(config, "b.example").empty());
}

struct RouteTest : testing::Test {
  transports::Abilities large{.max_message_bytes = 36 << 20, .smtputf8 = true};
  transports::Abilities small{.max_message_bytes = 10 << 20, .smtputf8 = false};
  std::vector<Candidate> candidates;
  Needs needs{.size_bytes = 1000};
  std::vector<TransportIndex> tried;

  void candidate(const transports::Abilities& abilities, State state = State::open,
                 Duration until = 0s) {
    candidates.push_back({.transport = static_cast<TransportIndex>(candidates.size()),
                          .abilities = &abilities,
                          .state = state,
                          .until = kNow + until,
                          .reason = "Account disabled"});
  }
  Choice choice() { return choose(candidates, needs, tried); }
};

TEST_F(RouteTest, PrefersTheFirst) {
  candidate(small), candidate(large);
  EXPECT_EQ(choice().kind, Kind::go);
  EXPECT_EQ(choice().transport, 0);
}

TEST_F(RouteTest, PassesOverTheShutTheTriedAndTheUnable) {
  candidate(large, State::shut, 1h), candidate(large), candidate(small), candidate(large);
  tried = {1};
  needs.size_bytes = 20 << 20;
  EXPECT_EQ(choice().transport, 3);
}

TEST_F(RouteTest, CanaryGoesFirstTheOthersTakeTheBackup) {
  candidate(large, State::canary), candidate(large);
  EXPECT_EQ(choice().transport, 0);
  candidates[0].state = State::probing;
  EXPECT_EQ(choice().transport, 1);
}

TEST_F(RouteTest, WaitsForTheCanaryWhenThereIsNoOtherWay) {
  candidate(large, State::probing), candidate(large, State::shut, 1h);
  EXPECT_EQ(choice().kind, Kind::go);
  EXPECT_EQ(choice().transport, 0);
}

TEST_F(RouteTest, AllShutNamesTheEarliestInstantAndTheReason) {
  candidate(large, State::shut, 2h), candidate(large, State::shut, 1h);
  EXPECT_EQ(choice().kind, Kind::wait);
  EXPECT_EQ(choice().until, kNow + 1h);
  EXPECT_EQ(choice().reason, "Account disabled");
}

TEST_F(RouteTest, TooLargeForAllIsUnfitWithAReason) {
  candidate(small);
  needs.size_bytes = 20 << 20;
  EXPECT_EQ(choice().kind, Kind::unfit);
  EXPECT_EQ(choice().reason, "5.3.4 larger than any transport of the sender's domain takes");
}

TEST_F(RouteTest, Smtputf8NeedsANextHopThatHasIt) {
  candidate(small), candidate(large);
  needs.smtputf8 = true;
  EXPECT_EQ(choice().transport, 1);
  candidates.pop_back();
  EXPECT_EQ(choice().reason, "5.6.7 no transport that would take the message has SMTPUTF8");
}

TEST_F(RouteTest, NothingConfiguredIsHeldWithAReason) {
  EXPECT_EQ(choice().kind, Kind::none);
  EXPECT_EQ(choice().reason, "no transport is configured for the sender's domain");
}

}  // namespace
}  // namespace postern::delivery

#include "transports/registry.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <set>
#include <stdexcept>

#include "tests/support/temporary_directory.hpp"

namespace postern::transports {
namespace {

TEST(Registry, NamesEachTypeOnce) {
  std::set<std::string_view> names;
  for (const Type& row : types()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST(Registry, MakesWhatTheRowSays) {
  const testing::TemporaryDirectory temporary;
  config::Transport settings;
  settings.name = "out";
  settings.type = "capture";
  settings.directory = temporary.path();
  const auto transport = make(settings, {});
  EXPECT_EQ(transport->name(), "out");
  EXPECT_EQ(transport->type(), "capture");
}

TEST(Registry, LimitsHoldForASmarthost) {
  boost::asio::io_context io;
  Tools tools;
  tools.io = {io.get_executor()};
  config::Transport settings;
  settings.name = "smarthost";
  settings.type = "smtp";
  settings.host = "127.0.0.1";
  settings.tls = config::TransportTls::none;
  settings.rate.per_second = 7;
  settings.connections = 10;
  settings.concurrency = 4;
  Abilities abilities = make(settings, tools)->abilities();
  EXPECT_EQ(abilities.rate_per_second, 7);
  EXPECT_EQ(abilities.concurrency, 4U);
  settings.concurrency = 20;
  abilities = make(settings, tools)->abilities();
  EXPECT_EQ(abilities.concurrency, 10U) << "one message a connection";
  io.run();
}

TEST(Registry, RefusesAnUnknownType) {
  config::Transport settings;
  settings.type = "pigeon";
  EXPECT_THROW(make(settings, {}), std::invalid_argument);
}

}  // namespace
}  // namespace postern::transports

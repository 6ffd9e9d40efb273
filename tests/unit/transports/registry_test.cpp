#include "transports/registry.hpp"

#include <gtest/gtest.h>

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

TEST(Registry, RefusesAnUnknownType) {
  config::Transport settings;
  settings.type = "pigeon";
  EXPECT_THROW(make(settings, {}), std::invalid_argument);
}

}  // namespace
}  // namespace postern::transports

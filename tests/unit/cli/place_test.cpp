#include "cli/place.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "cli/failure.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::cli {
namespace {

config::Environment with(std::map<std::string, std::string> variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

PlaceOptions config_file(const std::filesystem::path& file) {
  return {file.string(), "", "", ""};
}

class PlaceTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& toml) {
    auto path = directory_.path() / "postern.toml";
    std::ofstream(path) << toml;
    return path;
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(PlaceTest, PrefersUrlThenSocket) {
  const Place url = find_place({"x.toml", "x.sock", "http://relay:8080//", "t"}, with({}));
  EXPECT_EQ(url.url, "http://relay:8080");
  EXPECT_EQ(url.token.reveal(), "t");
  EXPECT_TRUE(url.socket.empty());
  EXPECT_EQ(find_place({"x.toml", "x.sock", "", ""}, with({})).socket, "x.sock");
}

TEST_F(PlaceTest, TakesTheTokenFromTheEnvironment) {
  EXPECT_EQ(find_place({"", "", "http://r", ""}, with({{"POSTERN_ADMIN_TOKEN", "secret"}}))
                .token.reveal(),
            "secret");
}

TEST_F(PlaceTest, ReadsTheSocketOfAConfigurationWhoseSecretsAreElsewhere) {
  const auto path = file(
      "[server]\nstate = '/srv/p'\n[[transport]]\nname = 'm'\ntype = 'mailgun'\n"
      "api_key = { file = '/nowhere/to/be/found' }\n");
  EXPECT_EQ(find_place(config_file(path), with({})).socket, "/srv/p/admin.sock");
}

TEST_F(PlaceTest, ReadsAnAbsoluteSocket) {
  EXPECT_EQ(find_place(config_file(file("[admin]\nsocket = '/run/p.sock'\n")), with({})).socket,
            "/run/p.sock");
}

TEST_F(PlaceTest, UsesTheStateOfTheEnvironment) {
  EXPECT_EQ(find_place({}, with({{"POSTERN_STATE", "/data"}})).socket, "/data/admin.sock");
}

TEST_F(PlaceTest, NamesTheMistakeOfAFile) {
  try {
    find_place(config_file(file("[server\n")), with({}));
    FAIL() << "no failure";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), kUsage);
    EXPECT_NE(std::string(failure.what()).find("postern.toml:1:"), std::string::npos)
        << failure.what();
  }
  EXPECT_THROW(find_place(config_file("/nowhere/x.toml"), with({})), Failure);
}

}  // namespace
}  // namespace postern::cli

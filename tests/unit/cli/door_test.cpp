// Which listener sendmail goes to.
#include "cli/door.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "cli/failure.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::cli {
namespace {

class DoorTest : public ::testing::Test {
 protected:
  Door with_file(const std::string& toml) {
    const auto path = directory_.path() / "postern.toml";
    std::ofstream(path) << toml;
    return find_door(path.string(), with({}));
  }
  static config::Environment with(std::map<std::string, std::string> variables) {
    return [variables](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  }
  static std::string address(const Door& door) {
    return door.address.host + ' ' + std::to_string(door.address.port);
  }
  std::string failure(const std::string& toml) {
    try {
      with_file(toml);
    } catch (const Failure& failed) {
      return std::to_string(failed.status()) + ' ' + failed.what();
    }
    return "none";
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(DoorTest, IsTheListenersOwnOrLoopback) {
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '10.1.2.3:587'\n")), "10.1.2.3 587");
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '0.0.0.0:587'\n")), "127.0.0.1 587");
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '[::]:587'\n")), "127.0.0.1 587");
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '[::1]:587'\n")), "::1 587");
  EXPECT_EQ(address(with_file("")), "127.0.0.1 2525");
}

TEST_F(DoorTest, IsOneThatTakesOurMailWhereThereIsOne) {
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '127.0.0.1:1'\nauth = 'required'\n"
                              "[[listener]]\nbind = '127.0.0.1:2'\ntrusted = []\n"
                              "[[listener]]\nbind = '127.0.0.1:3'\nproxy_protocol = true\n"
                              "[[listener]]\nbind = '127.0.0.1:4'\ntls = 'required'\n")),
            "127.0.0.1 4");
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '127.0.0.1:3'\nproxy_protocol = true\n"
                              "[[listener]]\nbind = '127.0.0.1:1'\nauth = 'required'\n"
                              "[[listener]]\nbind = '127.0.0.1:2'\ntrusted = []\n")),
            "127.0.0.1 1");
}

TEST_F(DoorTest, SaysWhatTheDaemonWants) {
  const Door door = with_file(
      "[server]\nhostname = 'relay.example'\n"
      "[[listener]]\nbind = '127.0.0.1:4'\ntls = 'implicit'\nmax_message = '1MiB'\n");
  EXPECT_EQ(door.tls, config::ListenerTls::implicit);
  EXPECT_EQ(door.max_message_bytes, config::kMiB);
  EXPECT_EQ(door.hostname, "relay.example");
}

TEST_F(DoorTest, NeedsNoSecretsAndNoWayOut) {
  EXPECT_EQ(address(with_file("[[listener]]\nbind = '127.0.0.1:4'\n[tls]\nkey = '/no/where'\n"
                              "[[transport]]\nname = 'm'\ntype = 'mailgun'\n"
                              "api_key = { file = '/nowhere/to/be/found' }\n")),
            "127.0.0.1 4");
}

TEST_F(DoorTest, CannotBeFoundInAFileWithMistakes) {
  EXPECT_EQ(failure("[[listener]]\nbind = 'nonsense'\n").substr(0, 3), "78 ");
  EXPECT_EQ(failure("[[listener\n").substr(0, 3), "78 ");
  EXPECT_EQ(failure("[[listener]]\nproxy_protocol = true\n"),
            "78 Every [[listener]] is for proxies only; sendmail needs one without "
            "proxy_protocol.");
  EXPECT_THROW(find_door("/nowhere/postern.toml", with({})), Failure);
}

TEST_F(DoorTest, IsOfTheEnvironmentWithoutAFile) {
  EXPECT_EQ(address(find_door("", with({{"POSTERN_BIND", "127.0.0.1:26"}}))), "127.0.0.1 26");
  EXPECT_EQ(address(find_door("", with({{"POSTERN_STATE", "/srv/p"}}))), "127.0.0.1 2525");
  EXPECT_THROW(find_door("", with({{"POSTERN_BIND", "nonsense"}})), Failure);
}

}  // namespace
}  // namespace postern::cli

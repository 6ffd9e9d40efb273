#include "net/systemd.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "tests/support/temporary_directory.hpp"

namespace postern::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kPid = 4711;

std::vector<std::string> passed(const ListenVariables& variables) {
  const auto names = passed_names(variables, kPid);
  return names ? *names : std::vector<std::string>{names.error().what};
}

TEST(PassedSockets, HaveNames) {
  EXPECT_THAT(passed({"4711", "2", "smtp:submission"}), ElementsAre("smtp", "submission"));
  EXPECT_THAT(passed({"4711", "2", std::nullopt}), ElementsAre("unknown", "unknown"));
  EXPECT_THAT(passed({"4711", "2", ":"}), ElementsAre("", ""));
}

TEST(PassedSockets, AreOnlyForTheProcessThatIsMeant) {
  EXPECT_THAT(passed({}), IsEmpty());
  EXPECT_THAT(passed({"4712", "1", "smtp"}), IsEmpty());
  EXPECT_THAT(passed({std::nullopt, "1", "smtp"}), IsEmpty());
  EXPECT_THAT(passed({"self", "1", "smtp"}), IsEmpty());
  EXPECT_THAT(passed({"4711", "0", ""}), IsEmpty());
}

TEST(PassedSockets, AreCountedStrictly) {
  EXPECT_THAT(passed({"4711", "many", "smtp"}),
              ElementsAre("LISTEN_FDS is \"many\", not a number of sockets"));
  EXPECT_THAT(passed({"4711", "1025", std::nullopt}),
              ElementsAre("LISTEN_FDS is \"1025\", not a number of sockets"));
  EXPECT_THAT(passed({"4711", "2", "smtp"}),
              ElementsAre("LISTEN_FDNAMES has 1 names for 2 sockets"));
}

TEST(PassedSockets, AreLookedAt) {
  asio::io_context context;
  const tcp::endpoint loopback(asio::ip::address_v6::loopback(), 0);
  tcp::acceptor acceptor(context, loopback);
  const auto found = inspect_socket(acceptor.native_handle(), "smtp");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(acceptor.local_endpoint(), found->bound);
  EXPECT_EQ("smtp", found->name);
}

TEST(PassedSockets, ThatCannotServeAreRefused) {
  asio::io_context context;
  tcp::acceptor silent(context, tcp::v4());
  EXPECT_THAT(inspect_socket(silent.native_handle(), "smtp").error().what,
              HasSubstr("(smtp), which was passed by the service manager, is not listening"));
  const int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  EXPECT_THAT(inspect_socket(datagrams, "dns").error().what, HasSubstr("is not a TCP socket"));
  close(datagrams);
  const int local = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_THAT(inspect_socket(local, "admin").error().what, HasSubstr("is not a TCP socket"));
  close(local);
  EXPECT_THAT(inspect_socket(local, "gone").error().what, HasSubstr("is not a socket"));
}

/// A service manager that listens at NOTIFY_SOCKET.
class ServiceManager : public ::testing::Test {
 protected:
  void listen(const std::string& variable, const std::string& bound) {
    setenv("NOTIFY_SOCKET", variable.c_str(), 1);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    bound.copy(address.sun_path, sizeof address.sun_path);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bound.size());
    ASSERT_EQ(0, bind(socket_, reinterpret_cast<const sockaddr*>(&address), size));
  }
  std::string heard() {
    std::array<char, 200> text{};
    const ssize_t size = recv(socket_, text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }
  ~ServiceManager() override {
    unsetenv("NOTIFY_SOCKET");
    close(socket_);
  }
  int socket_ = socket(AF_UNIX, SOCK_DGRAM, 0);
};

TEST_F(ServiceManager, HearsAtAPath) {
  const postern::testing::TemporaryDirectory directory;
  const std::string path = (directory.path() / "notify").string();
  listen(path, path);
  notify_service_manager("READY=1");
  EXPECT_EQ("READY=1", heard());
  notify_reloading();
  EXPECT_THAT(heard(), ::testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
}

TEST_F(ServiceManager, HearsInTheAbstractNameSpace) {
  const std::string name = "postern-test-" + std::to_string(getpid());
  listen("@" + name, std::string(1, '\0') + name);
  notify_service_manager("STOPPING=1");
  EXPECT_EQ("STOPPING=1", heard());
}

TEST_F(ServiceManager, ThatIsNotThereIsNoTrouble) {
  unsetenv("NOTIFY_SOCKET");
  notify_service_manager("READY=1");
  setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
  notify_service_manager("READY=1");
  setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
  notify_service_manager("READY=1");
  EXPECT_EQ("", heard());
}

}  // namespace
}  // namespace postern::net

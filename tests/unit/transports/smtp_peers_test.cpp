// The smtp transport against Postfix and smtp-sink as they come from Debian: STARTTLS, implicit
// TLS, AUTH, refused recipients, certificates that are not to be trusted.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <sstream>
#include <thread>

#include "transports/smtp.hpp"

extern char** environ;

namespace postern::transports {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using config::TransportTls;
using Kind = Outcome::Kind;

// No wait of these tests lasts so long unless something is broken.
constexpr int kPatienceMs = 60'000;

// tests/support/postfix_smarthost.py as a child; gone with the object.
class Postfix {
 public:
  Postfix() {
    EXPECT_EQ(::mkfifo(file_.c_str(), 0600), 0);
    const int pipe = ::open(file_.c_str(), O_RDWR | O_CLOEXEC);  // does not wait for the writer
    const std::string command = "/usr/bin/python3 " POSTERN_SOURCE_DIR
                                "/tests/support/postfix_smarthost.py --shell " +
                                file_.string();
    program_ = ::popen(command.c_str(), "w");
    std::array<char, 4096> said{};
    std::istringstream lines;
    if (becomes_readable(pipe)) {
      const auto count = ::read(pipe, said.data(), said.size());
      lines.str(std::string(said.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
    }
    for (std::string line; std::getline(lines, line);)
      settings_[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    ::close(pipe);
    fs::remove(file_);
  }
  ~Postfix() { ::pclose(program_); }

  bool is_running() const { return !settings_.empty(); }
  const std::string& operator[](const std::string& key) const { return settings_.at(key); }

  // How many copies in its maildir have this in them.
  std::size_t copies(const std::string& text) const {
    std::size_t found = 0;
    for (const auto& entry : fs::directory_iterator(settings_.at("maildir"))) {
      std::stringstream content;
      content << std::ifstream(entry.path()).rdbuf();
      found += content.str().find(text) != std::string::npos ? 1 : 0;
    }
    return found;
  }

  // Waits until so many copies have arrived: each one is a change of the maildir.
  bool receives(std::size_t wanted, const std::string& text) const {
    const int changes = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    ::inotify_add_watch(changes, settings_.at("maildir").c_str(), IN_CREATE | IN_MOVED_TO);
    bool is_there = copies(text) == wanted;
    while (!is_there && becomes_readable(changes)) {
      std::array<char, 4096> events{};
      while (::read(changes, events.data(), events.size()) > 0) continue;
      is_there = copies(text) == wanted;
    }
    ::close(changes);
    return is_there;
  }

 private:
  static bool becomes_readable(int descriptor) {
    pollfd waited{descriptor, POLLIN, 0};
    return ::poll(&waited, 1, kPatienceMs) == 1;
  }

  const fs::path file_ = fs::temp_directory_path() / ("smarthost-" + std::to_string(::getpid()));
  FILE* program_ = nullptr;
  std::map<std::string, std::string> settings_;
};

class SmtpPeers : public testing::Test {
 protected:
  static void SetUpTestSuite() { postfix = std::make_unique<Postfix>(); }
  static void TearDownTestSuite() { postfix.reset(); }

  void SetUp() override {
    ASSERT_TRUE(postfix->is_running()) << "apt-get install postfix sasl2-bin libsasl2-modules";
    settings.name = "smarthost";
    settings.type = "smtp";
    settings.host = "localhost";
    settings.port = port("submission_port");
    settings.ca_file = (*postfix)["ca_file"];
    settings.username = (*postfix)["username"];
    settings.password = Secret((*postfix)["password"]);
    settings.timeout = 20s;
    settings.connections = 3;
  }

  static std::uint16_t port(const std::string& name) {
    return static_cast<std::uint16_t>(std::stoi((*postfix)[name]));
  }

  // One message through a transport of its own, with two io threads.
  Report deliver(std::vector<std::string> recipients, const std::string& text) {
    return deliver_many(1, std::move(recipients), text).front();
  }

  std::vector<Report> deliver_many(std::size_t count, std::vector<std::string> recipients,
                                   const std::string& text) {
    boost::asio::io_context one{1}, two{1};
    auto work_one = boost::asio::make_work_guard(one);
    auto work_two = boost::asio::make_work_guard(two);
    std::thread first([&] { one.run(); }), second([&] { two.run(); });
    SystemClock clock;
    Tools tools;
    tools.io = {one.get_executor(), two.get_executor()};
    tools.clock = &clock;
    auto transport = make_smtp(settings, tools);
    auto message = std::make_shared<Message>();
    message->envelope = {"me@brand.example", recipients, false, false};
    auto content =
        std::make_shared<MemoryContent>("Subject: " + text + "\r\n\r\n.dots\r\nhello\r\n");
    std::vector<std::uint32_t> all(recipients.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    std::vector<std::promise<Report>> promises(count);
    for (auto& promise : promises)
      transport->deliver({message, content, all, "", "relay.example"},
                         [&promise](Report report) { promise.set_value(std::move(report)); });
    std::vector<Report> reports;
    for (auto& promise : promises) reports.push_back(promise.get_future().get());
    transport->close();
    work_one.reset();
    work_two.reset();
    first.join();
    second.join();
    return reports;
  }

  config::Transport settings;
  static std::unique_ptr<Postfix> postfix;
};
std::unique_ptr<Postfix> SmtpPeers::postfix;

TEST_F(SmtpPeers, PostfixTakesMailThroughStartTlsAndAuth) {
  const Report report = deliver({"a@x.example", "b@x.example"}, "through-starttls");
  for (const Outcome& outcome : report) {
    EXPECT_EQ(outcome.kind, Kind::delivered) << outcome.reply;
    EXPECT_FALSE(outcome.provider_id.empty());
  }
  EXPECT_TRUE(postfix->receives(2, "through-starttls"));
  EXPECT_EQ(postfix->copies("\n.dots\nhello\n"), 2U);
}

TEST_F(SmtpPeers, PostfixTakesMailThroughImplicitTls) {
  settings.port = port("submissions_port");
  settings.tls = TransportTls::implicit;
  EXPECT_EQ(deliver({"a@x.example"}, "through-implicit").at(0).kind, Kind::delivered);
  EXPECT_TRUE(postfix->receives(1, "through-implicit"));
}

TEST_F(SmtpPeers, ManyMessagesArriveOnceEach) {
  for (const Report& report : deliver_many(200, {"a@x.example"}, "one-of-many"))
    EXPECT_EQ(report.at(0).kind, Kind::delivered) << report.at(0).reply;
  EXPECT_TRUE(postfix->receives(200, "one-of-many"));
}

TEST_F(SmtpPeers, PostfixRefusesSomeRecipientsAndTakesTheOthers) {
  const Report report = deliver({"a@x.example", "unknown@x.example", "later@x.example"}, "three");
  EXPECT_EQ(report.at(0).kind, Kind::delivered);
  EXPECT_EQ(report.at(1).kind, Kind::rejected);
  EXPECT_EQ(report.at(1).blame, Blame::recipient);
  EXPECT_EQ(report.at(2).kind, Kind::deferred);
  EXPECT_EQ(report.at(2).blame, Blame::recipient);
}

TEST_F(SmtpPeers, PostfixRefusesAllRecipientsOfOneMessageAndTakesTheNext) {
  EXPECT_EQ(deliver({"unknown@x.example"}, "nobody").at(0).kind, Kind::rejected);
  const auto reports = deliver_many(4, {"unknown@x.example"}, "nobody");
  for (const Report& report : reports) EXPECT_EQ(report.at(0).reply.substr(0, 9), "550 5.1.1");
  EXPECT_EQ(deliver({"a@x.example"}, "somebody").at(0).kind, Kind::delivered);
}

TEST_F(SmtpPeers, AWrongPasswordIsAConfigurationFault) {
  settings.password = Secret("wrong");
  const Outcome outcome = deliver({"a@x.example"}, "never").at(0);
  EXPECT_EQ(outcome.kind, Kind::deferred);
  EXPECT_EQ(outcome.meaning, Meaning::configuration) << outcome.reply;
  EXPECT_EQ(outcome.fail_over, FailOver::now);
}

TEST_F(SmtpPeers, ACertificateOfAnUnknownAuthorityIsNotTrusted) {
  settings.ca_file.clear();
  const Outcome outcome = deliver({"a@x.example"}, "never").at(0);
  EXPECT_EQ(outcome.meaning, Meaning::configuration) << outcome.reply;
  EXPECT_NE(outcome.reply.find("TLS with localhost: "), std::string::npos) << outcome.reply;
  settings.verify = false;
  EXPECT_EQ(deliver({"a@x.example"}, "unverified").at(0).kind, Kind::delivered);
}

TEST_F(SmtpPeers, ACertificateForAnotherNameIsNotTrusted) {
  settings.host = "0.0.0.0";  // Linux connects that to this host; the certificate names it not
  const Outcome outcome = deliver({"a@x.example"}, "never").at(0);
  EXPECT_EQ(outcome.meaning, Meaning::configuration) << outcome.reply;
  EXPECT_NE(outcome.reply.find("IP address mismatch"), std::string::npos) << outcome.reply;
}

TEST_F(SmtpPeers, SmtpSinkWithoutExtensionsIsSpokenToPlainly) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor free(io, {boost::asio::ip::address_v4::loopback(), 0});
  settings.port = free.local_endpoint().port();
  free.close();
  settings.host = "127.0.0.1";
  settings.tls = TransportTls::none;
  settings.username.clear();
  const std::string address = "127.0.0.1:" + std::to_string(settings.port);
  std::string words[] = {"/usr/sbin/smtp-sink", "-e", "-p", "-u", "nobody", address, "50"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(::posix_spawn(&child, arguments[0], nullptr, nullptr, arguments.data(), environ), 0);
  // It says nothing when it listens. A refused connection is answered at once, as long as it lives.
  bool listens = false;
  while (!listens && ::waitpid(child, nullptr, WNOHANG) == 0) {
    boost::asio::ip::tcp::socket probe(io);
    boost::system::error_code error;
    probe.connect({boost::asio::ip::address_v4::loopback(), settings.port}, error);
    listens = !error;
  }
  EXPECT_TRUE(listens) << "apt-get install postfix";
  if (listens) {
    for (const Report& report : deliver_many(20, {"a@x.example"}, "plain"))
      EXPECT_EQ(report.at(0).kind, Kind::delivered) << report.at(0).reply;
  }
  if (!listens) return;
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace postern::transports

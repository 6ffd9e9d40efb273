#include "smtpd/server.hpp"

#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "config/load.hpp"
#include "queue/sqlite_db.hpp"
#include "queue/sqlite_store.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::smtpd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

/// A blocking client that speaks in whole lines.
class Client {
 public:
  explicit Client(std::uint16_t port, const char* from = "127.0.0.1") : socket_(context_) {
    socket_.open(tcp::v4());
    socket_.bind({asio::ip::make_address(from), 0});
    socket_.connect({asio::ip::address_v4::loopback(), port});
  }
  std::string line() {
    boost::system::error_code ended;
    const std::size_t length =
        asio::read_until(socket_, asio::dynamic_buffer(received_), '\n', ended);
    std::string line = received_.substr(0, length);
    received_.erase(0, length);
    return ended ? "<closed>" : line;
  }
  void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
  /// The last line of the reply.
  std::string say(const std::string& text) {
    send(text);
    std::string reply = line();
    while (reply.size() > 3 && reply[3] == '-') reply = line();
    return reply;
  }
  std::string begin_message() {
    line();
    say("EHLO client.example\r\n");
    say("MAIL FROM:<agent@product-a.com>\r\n");
    say("RCPT TO:<customer@x.example>\r\n");
    return say("DATA\r\n");
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
  std::string received_;
};

class SmtpServer : public ::testing::Test {
 protected:
  SmtpServer()
      : committer_(std::make_unique<queue::SqliteStore>(directory_.path() / "queue.db",
                                                        std::uint64_t{1} << 40),
                   clock_, metrics_),
        server_({io_.get_executor()}, {committer_, clock_, metrics_}) {
    listener_.bind = {"127.0.0.1", free_port()};
    listener_.trusted = {config::parse_network("127.0.0.0/8").value()};
  }
  ~SmtpServer() override {
    on_io([this] { server_.shut_down(); });
    guard_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  static std::uint16_t free_port() {
    asio::io_context context;
    return tcp::acceptor(context, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  }
  std::shared_ptr<config::Config> configuration() {
    auto config = std::make_shared<config::Config>();
    config->server.hostname = "relay.example.com";
    config->listeners = {listener_};
    return config;
  }
  void open() {
    committer_.start();
    ASSERT_EQ(server_.configure(configuration()), std::nullopt);
    thread_ = std::thread([this] { io_.run(); });
  }
  template <class Action>
  void on_io(Action action) {
    if (!thread_.joinable()) return;
    std::promise<void> done;
    asio::post(io_, [&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  Client client() { return Client(listener_.bind.port); }

  postern::testing::TemporaryDirectory directory_;
  SystemClock clock_;
  Metrics metrics_;
  queue::Committer committer_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
  Server server_;
  config::Listener listener_;
  std::thread thread_;
};

TEST_F(SmtpServer, TakesAMessageAndItIsOnDiskAtThe250) {
  open();
  Client one = client();
  EXPECT_THAT(one.begin_message(), StartsWith("354"));
  const std::string reply =
      one.say("From: <agent@product-a.com>\r\nSubject: hello\r\n\r\nbody\r\n.\r\n");
  ASSERT_THAT(reply, MatchesRegex("250 2.0.0 Ok: queued as [0-9A-Z]{16}\r\n"));
  const auto stored = committer_.reader().find(parse_id(reply.substr(24, 16)).value());
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->message->envelope.recipients, std::vector<std::string>{"customer@x.example"});
  EXPECT_THAT(*committer_.reader().content(*stored->message)->chunk(0),
              HasSubstr("\r\n\r\nbody\r\n"));
  EXPECT_THAT(one.say("QUIT\r\n"), StartsWith("221"));
  EXPECT_EQ(one.line(), "<closed>");
}

TEST_F(SmtpServer, KeepsABodyOfManyPiecesWhole) {
  open();
  Client one = client();
  one.begin_message();
  std::string body;
  while (body.size() < 3 * Content::kChunkBytes)
    body += "line " + std::to_string(body.size()) + "\r\n";
  const std::string reply = one.say("From: <agent@product-a.com>\r\n\r\n" + body + ".\r\n");
  ASSERT_THAT(reply, StartsWith("250 2.0.0 Ok: queued as"));
  const auto stored = committer_.reader().find(parse_id(reply.substr(24, 16)).value());
  const auto content = committer_.reader().content(*stored->message);
  std::string all;
  for (std::uint32_t i = 0; i < content->chunks(); ++i) all += *content->chunk(i);
  EXPECT_EQ(all.substr(stored->message->header_bytes), body);
  EXPECT_EQ(all.size(), stored->message->size_bytes);
  EXPECT_EQ(all.size(), content->size_bytes());
}

TEST_F(SmtpServer, LeavesNothingOfAClientThatGoesInTheMiddle) {
  open();
  std::string piece;
  while (piece.size() < 2 * Content::kChunkBytes)
    piece += "a line of a message that never ends\r\n";
  {
    Client gone = client();
    gone.begin_message();
    gone.send("From: <agent@product-a.com>\r\n\r\n" + piece);
  }
  // The next message's commit comes after the pieces were dropped, once its session has ended.
  while (server_.connections() > 0) std::this_thread::yield();
  Client next = client();
  next.begin_message();
  ASSERT_THAT(next.say("From: <agent@product-a.com>\r\n\r\nbody\r\n.\r\n"), StartsWith("250"));
  committer_.stop();
  queue::Database file(directory_.path() / "queue.db", queue::Database::Mode::read_only);
  queue::Statement pieces(file, "SELECT count(*) FROM body");
  ASSERT_TRUE(pieces.next());
  EXPECT_EQ(pieces.integer(0), 1);
}

TEST_F(SmtpServer, LimitsConnectionsPerAddress) {
  listener_.max_connections_per_address = 1;
  open();
  Client first = client();
  EXPECT_THAT(first.line(), StartsWith("220 relay.example.com"));
  EXPECT_THAT(client().line(), StartsWith("421 4.3.2 Too many connections"));
}

TEST_F(SmtpServer, CountsStrangersOfOneIpv6NetworkAsOneAddress) {
  listener_.proxy_protocol = true;
  listener_.max_connections_per_address = 1;
  listener_.trusted.push_back(config::parse_network("2001:db8:0:2::/64").value());
  open();
  const auto from = [this](const std::string& address) {
    auto one = std::make_unique<Client>(listener_.bind.port);
    one->send("PROXY TCP6 " + address + " ::1 4711 25\r\n");
    return one;
  };
  const auto stranger = from("2001:db8:0:1::1");
  EXPECT_THAT(stranger->line(), StartsWith("220"));
  EXPECT_THAT(from("2001:db8:0:1:ffff::2")->line(), StartsWith("421 4.3.2"));
  const auto trusted = from("2001:db8:0:2::1");
  EXPECT_THAT(trusted->line(), StartsWith("220"));
  EXPECT_THAT(from("2001:db8:0:2::2")->line(), StartsWith("220"));
}

TEST_F(SmtpServer, LimitsConnectionsInAll) {
  listener_.max_connections = 1;
  open();
  Client first = client();
  first.line();
  EXPECT_THAT(client().line(), StartsWith("421 4.3.2 Too many connections"));
  EXPECT_THAT(first.say("QUIT\r\n"), StartsWith("221"));
}

TEST_F(SmtpServer, KeepsTheLastPlacesForTrustedNetworks) {
  listener_.max_connections = 5;
  listener_.trusted = {config::parse_network("127.0.0.1/32").value()};
  open();
  std::vector<std::unique_ptr<Client>> strangers;
  for (int i = 0; i < 4; ++i) {
    strangers.push_back(std::make_unique<Client>(listener_.bind.port, "127.0.0.2"));
    EXPECT_THAT(strangers.back()->line(), StartsWith("220"));
  }
  EXPECT_THAT(Client(listener_.bind.port, "127.0.0.2").line(), StartsWith("421 4.3.2"));
  Client friendly = client();
  EXPECT_THAT(friendly.line(), StartsWith("220"));
  EXPECT_THAT(client().line(), StartsWith("421 4.3.2"));
}

// A stranger is greeted late enough for this not to be a race.
TEST_F(SmtpServer, WhoTalksBeforeTheGreetingIsSentAway) {
  listener_.trusted.clear();
  open();
  Client hasty = client();
  hasty.send("EHLO spam.example\r\n");
  EXPECT_THAT(hasty.line(), StartsWith("554 5.5.0 Wait for the greeting"));
  EXPECT_EQ(hasty.line(), "<closed>");
}

TEST_F(SmtpServer, SilenceEndsWith421) {
  listener_.idle_timeout = std::chrono::milliseconds(50);
  open();
  Client silent = client();
  EXPECT_THAT(silent.line(), StartsWith("220"));
  EXPECT_THAT(silent.line(), StartsWith("421 4.4.2 Nothing was heard"));
  EXPECT_EQ(silent.line(), "<closed>");
}

TEST_F(SmtpServer, RefusesToRelayForStrangers) {
  listener_.trusted.clear();
  open();
  Client stranger = client();
  stranger.line();
  stranger.say("EHLO client.example\r\n");
  stranger.say("MAIL FROM:<agent@product-a.com>\r\n");
  EXPECT_THAT(stranger.say("RCPT TO:<customer@x.example>\r\n"), StartsWith("550 5.7.1"));
}

TEST_F(SmtpServer, ShutsDownIdleSessionsAtOnceAndLetsAMessageFinish) {
  open();
  Client idle = client();
  idle.line();
  idle.say("NOOP\r\n");
  Client busy = client();
  EXPECT_THAT(busy.begin_message(), StartsWith("354"));
  on_io([this] { server_.shut_down(); });
  EXPECT_THAT(idle.line(), StartsWith("421"));
  EXPECT_EQ(idle.line(), "<closed>");
  EXPECT_THAT(busy.say("From: <agent@product-a.com>\r\n\r\nbody\r\n.\r\n"),
              StartsWith("250 2.0.0 Ok: queued as"));
  EXPECT_THAT(busy.say("QUIT\r\n"), ::testing::AnyOf(StartsWith("221"), StartsWith("421")));
}

TEST_F(SmtpServer, AReloadWithATakenPortChangesNothing) {
  open();
  asio::io_context context;
  tcp::acceptor taken(context, {asio::ip::address_v4::loopback(), 0});
  auto broken = configuration();
  broken->server.hostname = "other.example.com";
  broken->listeners.push_back(listener_);
  broken->listeners[1].bind.port = taken.local_endpoint().port();
  std::optional<Error> error;
  on_io([&] { error = server_.configure(broken); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what, HasSubstr("cannot listen on 127.0.0.1:"));
  EXPECT_THAT(client().line(), StartsWith("220 relay.example.com"));
}

TEST_F(SmtpServer, AReloadGivesNewSessionsTheNewName) {
  open();
  Client old = client();
  old.line();
  auto renamed = configuration();
  renamed->server.hostname = "other.example.com";
  std::optional<Error> error;
  on_io([&] { error = server_.configure(renamed); });
  EXPECT_EQ(error, std::nullopt);
  EXPECT_THAT(client().line(), StartsWith("220 other.example.com"));
  EXPECT_THAT(old.say("NOOP\r\n"), StartsWith("250"));
}

}  // namespace
}  // namespace postern::smtpd

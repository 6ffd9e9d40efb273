// Lanes and connections against a smarthost on loopback: reuse, retries, names, faults, closing.
#include "transports/smtp_pool.hpp"

#include "scripted_smarthost.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using Lines = std::vector<std::string>;

class HandClock final : public Clock {
 public:
  Time now() const override { return kNow; }
  Tick tick() const override { return tick_; }
  void advance(Duration by) { tick_ += by; }

 private:
  Tick tick_{1h};
};

// Every second chunk cannot be read.
class BrokenContent final : public Content {
 public:
  std::uint32_t chunks() const override { return 2; }
  std::uint64_t size_bytes() const override { return 2000; }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    if (index == 1) throw std::runtime_error("disk I/O error");
    return std::make_shared<const std::string>(1000, 'x');
  }
};

// Content in pieces of `piece` bytes.
class ChunkedContent final : public Content {
 public:
  ChunkedContent(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  std::uint32_t chunks() const override {
    return static_cast<std::uint32_t>((bytes_.size() + piece_ - 1) / piece_);
  }
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    return std::make_shared<const std::string>(bytes_.substr(index * piece_, piece_));
  }

 private:
  std::string bytes_;
  std::size_t piece_;
};

class SmtpPoolTest : public testing::Test {
 protected:
  // Before the first deliver().
  SmtpSettings& settings() { return *settings_; }

  void deliver(std::string ehlo_name = "relay.example",
               std::shared_ptr<const Content> content =
                   std::make_shared<MemoryContent>("Subject: x\r\n\r\nhello\r\n")) {
    const boost::asio::any_io_executor executor = io_.get_executor();
    if (!pool_) pool_.emplace(settings_, std::vector(lanes_, executor));
    ++expected_;
    pool_->submit({mail({"a@x.example"}), std::move(content), {0}, "", std::move(ehlo_name)},
                  [this](Report report) { outcomes.push_back(report.at(0)); });
  }

  // Until everything delivered has its outcome.
  void finish() {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (outcomes.size() < expected_ && std::chrono::steady_clock::now() < give_up)
      io_.run_one_for(100ms);
    ASSERT_EQ(outcomes.size(), expected_);
  }
  // Lets what is ready on the sockets happen.
  void settle() { io_.run_for(20ms); }

  std::size_t count(Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(outcomes.begin(), outcomes.end(),
                      [&](const Outcome& outcome) { return outcome.kind == kind; }));
  }

  boost::asio::io_context io_{1};
  ScriptedSmarthost smarthost{io_};
  HandClock clock;
  std::vector<Outcome> outcomes;
  std::size_t lanes_ = 1;
  std::optional<SmtpPool> pool_;

 private:
  static std::shared_ptr<SmtpSettings> make(const ScriptedSmarthost& host, const Clock& clock) {
    auto made = std::make_shared<SmtpSettings>();
    made->host = "127.0.0.1";
    made->port = host.port();
    made->tls = config::TransportTls::none;
    made->connections = 2;
    made->rules = {smtp_rules()};
    made->resolver = std::make_shared<net::SystemResolver>(5s);
    made->clock = &clock;
    return made;
  }
  std::shared_ptr<SmtpSettings> settings_ = make(smarthost, clock);
  std::size_t expected_ = 0;
};

TEST_F(SmtpPoolTest, ManyMessagesShareFewConnections) {
  lanes_ = 2;
  for (int i = 0; i < 50; ++i) deliver();
  finish();
  EXPECT_EQ(count(Kind::delivered), 50U);
  EXPECT_EQ(smarthost.messages.size(), 50U);
  EXPECT_EQ(smarthost.connections.size(), 2U);
}

TEST_F(SmtpPoolTest, ThePeerNeverSeesMoreConnectionsThanConfigured) {
  lanes_ = 2;
  settings().connections = 3;
  smarthost.closes_after = 7;
  for (int i = 0; i < 90; ++i) deliver(i % 3 == 0 ? "one.example" : "two.example");
  finish();
  EXPECT_EQ(count(Kind::delivered), 90U);
  EXPECT_EQ(smarthost.most_open, 3U);
}

TEST_F(SmtpPoolTest, AnIdleConnectionIsUsedAgain) {
  deliver();
  finish();
  deliver();
  finish();
  EXPECT_EQ(smarthost.connections.size(), 1U);
}

TEST_F(SmtpPoolTest, AConnectionFoundDeadIsReplacedWithoutAnybodyNoticing) {
  smarthost.closes_after = 1;
  for (const Duration idle : {0s, 10s}) {  // found by writing; found by looking first
    deliver();
    finish();
    clock.advance(idle);
    deliver();
    finish();
  }
  EXPECT_EQ(count(Kind::delivered), 4U);
  EXPECT_EQ(smarthost.connections.size(), 4U);
}

TEST_F(SmtpPoolTest, APeerThatClosesAfterEachMessageStillGetsThemAll) {
  smarthost.closes_after = 1;
  for (int i = 0; i < 10; ++i) deliver();
  finish();
  EXPECT_EQ(count(Kind::delivered), 10U);
  EXPECT_EQ(smarthost.messages.size(), 10U);
}

TEST_F(SmtpPoolTest, APeerThatIsDownIsNotStormed) {
  smarthost.peer.answers("<connect>", "554 5.3.2 down");
  settings().connections = 4;
  for (int i = 0; i < 20; ++i) deliver();
  finish();
  EXPECT_EQ(count(Kind::deferred), 20U);
  EXPECT_LE(smarthost.connections.size(), 4U);
  settle();
  const std::size_t before = smarthost.connections.size();
  for (int i = 0; i < 20; ++i) deliver();
  finish();
  EXPECT_EQ(count(Kind::deferred), 40U);
  EXPECT_EQ(smarthost.connections.size(), before + 1) << "one asks for all";
}

TEST_F(SmtpPoolTest, NobodyListensSoTheTransportIsToBlameAtOnce) {
  boost::asio::ip::tcp::acceptor taken(io_, {boost::asio::ip::address_v4::loopback(), 0});
  settings().port = taken.local_endpoint().port();
  taken.close();
  deliver();
  finish();
  EXPECT_EQ(outcomes[0].kind, Kind::deferred);
  EXPECT_EQ(outcomes[0].blame, Blame::transport);
  EXPECT_EQ(outcomes[0].fail_over, FailOver::now);
}

TEST_F(SmtpPoolTest, APeerThatTakesOneConnectionOnlyServesAllThroughIt) {
  settings().connections = 3;
  smarthost.peer.answers("<connect>", "220 mx")
      .answers("<connect>", "421 4.7.0 too many connections");
  deliver();
  finish();
  for (int i = 0; i < 30; ++i) deliver();
  finish();
  EXPECT_EQ(count(Kind::delivered), 31U);
  EXPECT_LE(smarthost.connections.size(), 3U);
}

TEST_F(SmtpPoolTest, BrandsDoNotShareAConnection) {
  settings().connections = 1;
  for (int i = 0; i < 6; ++i) {
    deliver("brand-a.example");
    deliver("brand-b.example");
  }
  finish();
  EXPECT_EQ(count(Kind::delivered), 12U);
  for (const Lines& commands : smarthost.connections)
    EXPECT_EQ(std::count_if(commands.begin(), commands.end(),
                            [](const std::string& line) { return line.starts_with("EHLO"); }),
              1);
  EXPECT_GE(smarthost.connections.size(), 2U);
  EXPECT_EQ(smarthost.connections[0][0], "EHLO brand-a.example");
}

TEST_F(SmtpPoolTest, AFloodOfOneBrandDoesNotStarveTheOther) {
  settings().connections = 1;
  for (int i = 0; i < 20; ++i) deliver("brand-a.example");
  deliver("brand-b.example");
  std::size_t a_after_b = 0;
  for (int i = 0; i < 200; ++i) deliver("brand-a.example");
  finish();
  ASSERT_GE(smarthost.connections.size(), 3U) << "a, then b, then a again";
  for (const std::string& line : smarthost.connections[2]) a_after_b += line == "DATA" ? 1 : 0;
  EXPECT_GE(a_after_b, 100U);
}

TEST_F(SmtpPoolTest, LosingTheReplyIsUncertainAndDoesNotHurtTheOthers) {
  settings().connections = 1;
  smarthost.peer.answers("<end>", "").answers("<end>", "250 ok");
  for (int i = 0; i < 5; ++i) deliver();
  finish();
  EXPECT_EQ(count(Kind::uncertain), 1U);
  EXPECT_EQ(count(Kind::delivered), 4U);
}

TEST_F(SmtpPoolTest, ASilentPeerIsGivenUp) {
  settings().timeout = 60ms;
  for (const std::string command : {"EHLO", "MAIL", "RCPT"}) {
    smarthost.hangs_at = command;
    deliver();
    finish();
    EXPECT_EQ(outcomes.back().kind, Kind::deferred);
    EXPECT_EQ(outcomes.back().blame, Blame::transport);
    EXPECT_NE(outcomes.back().reply.find("timed out"), std::string::npos) << outcomes.back().reply;
  }
  EXPECT_TRUE(smarthost.messages.empty());
}

TEST_F(SmtpPoolTest, LongContentArrivesAsItWasInChunksOfAnySize) {
  std::string bytes = "Subject: x\r\n\r\n";
  for (int i = 0; bytes.size() < 700'000; ++i)
    bytes += (i % 3 == 0 ? "." : i % 7 == 0 ? ".." : "line ") + std::to_string(i) + "\r\n";
  std::string wire = bytes;
  for (std::size_t at = 0; (at = wire.find("\r\n.", at)) != std::string::npos; at += 4)
    wire.insert(at + 2, ".");
  for (const std::size_t piece : {1'000'000, 262'144, 4'099}) {
    deliver("relay.example", std::make_shared<ChunkedContent>(bytes, piece));
    finish();
    ASSERT_EQ(outcomes.back().kind, Kind::delivered);
    EXPECT_TRUE(smarthost.messages.back() == wire) << piece;
  }
}

TEST_F(SmtpPoolTest, ContentThatCannotBeReadIsNeverHalfAccepted) {
  deliver("relay.example", std::make_shared<BrokenContent>());
  deliver();
  finish();
  EXPECT_EQ(count(Kind::delivered), 1U);
  const auto broken = std::find_if(outcomes.begin(), outcomes.end(),
                                   [](const Outcome& o) { return o.kind == Kind::deferred; });
  ASSERT_NE(broken, outcomes.end());
  EXPECT_EQ(broken->blame, Blame::none);
  EXPECT_EQ(broken->reply, "disk I/O error");
  EXPECT_EQ(smarthost.messages.size(), 1U);
}

TEST_F(SmtpPoolTest, SignaturesStandBeforeTheMessageAndCountInItsSize) {
  settings().sign = [](const Message&, const Content&) { return "DKIM-Signature: x\r\n"; };
  deliver("relay.example", std::make_shared<MemoryContent>("Subject: x\r\n\r\n"));
  finish();
  EXPECT_EQ(smarthost.messages.at(0), "DKIM-Signature: x\r\nSubject: x\r\n\r\n");
  EXPECT_EQ(smarthost.connections[0][1], "MAIL FROM:<me@brand.example> SIZE=33");
}

TEST_F(SmtpPoolTest, AFailingSignatureIsAnOutcome) {
  settings().sign = [](const Message&, const Content&) -> std::string {
    throw std::runtime_error("no entropy");
  };
  deliver();
  finish();
  EXPECT_EQ(outcomes[0].kind, Kind::deferred);
  EXPECT_EQ(outcomes[0].blame, Blame::none);
  EXPECT_TRUE(smarthost.messages.empty());
}

TEST_F(SmtpPoolTest, ClosingFinishesWhatIsThereAndTakesNothingNew) {
  for (int i = 0; i < 10; ++i) deliver();
  pool_->close();
  finish();
  EXPECT_EQ(count(Kind::delivered), 10U);
  settle();
  for (const Lines& commands : smarthost.connections) EXPECT_EQ(commands.back(), "QUIT");
  deliver();
  finish();
  EXPECT_EQ(outcomes.back().kind, Kind::deferred);
  EXPECT_EQ(smarthost.messages.size(), 10U);
}

}  // namespace
}  // namespace postern::transports

// The ses transport against the scripted SES, which checks every signature with botocore's code.
#include "transports/ses.hpp"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/crypto.hpp"
#include "dkim/keyring.hpp"
#include "parcels.hpp"
#include "tests/support/scripted_ses.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using Kind = Outcome::Kind;
using testing::ScriptedSes;

const std::string kMail = "From: a@x.com\r\nMessage-ID: <1@x.com>\r\n\r\nhello\r\n";

class SesTest : public ::testing::Test {
 protected:
  SesTest() {
    settings.name = "aws";
    settings.type = "ses";
    settings.region = ScriptedSes::kRegion;
    settings.base_url = server.url();
    settings.access_key_id = Secret(ScriptedSes::kKeyId);
    settings.secret_access_key = Secret(ScriptedSes::kKey);
    settings.dkim = config::DkimBy::provider;
    settings.timeout = 5s;
    tools.http = &http;
    tools.clock = &clock;
    tools.io = {io.get_executor()};
    server.reset();
  }
  ~SesTest() override {
    work.reset();
    thread.join();
  }

  Report send(std::vector<std::string> recipients, const std::string& content = kMail) {
    const auto transport = make(settings, tools);
    return deliver(*transport, a_parcel(std::move(recipients), content));
  }
  Outcome send_one(const std::string& content = kMail) { return send({"a@y.com"}, content).at(0); }
  Outcome when(const std::string& step) {
    server.script(R"({"steps": [)" + step + "]}");
    return send_one();
  }
  Json received() { return Json::parse(server.received()); }
  std::string raw() {
    return crypto::from_base64(received().at(0)["raw"].get<std::string>()).value();
  }
  void sign_ourselves(dkim::Algorithm algorithm = dkim::Algorithm::rsa_sha256) {
    config::Domain domain;
    domain.name = "x.com";
    domain.dkim.push_back(
        {"ed", Secret(dkim::PrivateKey::generate(dkim::Algorithm::ed25519_sha256).to_pem())});
    for (const char* selector : {"s1", "s2"})
      domain.dkim.push_back({selector, Secret(dkim::PrivateKey::generate(algorithm).to_pem())});
    tools.keyring = std::make_shared<const dkim::Keyring>(dkim::Keyring::build({domain}).value());
    settings.dkim = config::DkimBy::relay;
  }
  Account account_when(const std::string& order) {
    server.account(order);
    const auto transport = make(settings, tools);
    std::promise<Account> heard;
    transport->watch_account([&](Account account) { heard.set_value(std::move(account)); });
    Account account = heard.get_future().get();
    transport->close();
    return account;
  }

  static ScriptedSes server;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread{[this] { io.run(); }};
  net::CurlHttpClient http{{}};
  SystemClock clock;
  config::Transport settings;
  Tools tools;
};

ScriptedSes SesTest::server;

TEST_F(SesTest, SendsTheEnvelopeAndTheStoredBytes) {
  settings.configuration_set = "postern";
  settings.tags = {{"product", "a"}, {"team", "mail_1"}};
  const std::string content = kMail + std::string("\0bare LF\n\xff\r\n.\r\n", 15);
  for (const Outcome& outcome : send({"a@y.com", "\"b,c\"@y.com", "d@z.com"}, content)) {
    EXPECT_EQ(outcome.kind, Kind::delivered) << outcome.reply;
    EXPECT_TRUE(outcome.provider_id.starts_with("0102")) << outcome.provider_id;
  }
  EXPECT_EQ(raw(), content);
  EXPECT_EQ(received()[0]["request"],
            Json::parse(R"({"FromEmailAddress": "from@x.com", "ConfigurationSetName": "postern",
              "Destination": {"ToAddresses": ["a@y.com", "\"b,c\"@y.com", "d@z.com"]},
              "EmailTags": [{"Name": "product", "Value": "a"}, {"Name": "team", "Value": "mail_1"}]})"));
}

TEST_F(SesTest, LetsTheFromFieldSpeakForTheNullSender) {
  Parcel parcel = a_parcel({"a@y.com"}, kMail);
  auto message = std::make_shared<Message>(*parcel.message);
  message->envelope.sender.clear();
  parcel.message = message;
  const auto transport = make(settings, tools);
  EXPECT_EQ(deliver(*transport, parcel).at(0).kind, Kind::delivered);
  EXPECT_FALSE(received()[0]["request"].contains("FromEmailAddress"));
}

// What is signed is read twice, and streamed: libcurl signs the digest.
TEST_F(SesTest, SignsMailOfEverySize) {
  for (const std::size_t size : {0U, 1U, 2U, 3U, 100'000U, 3'000'001U}) {
    server.reset();
    const std::string content = kMail + std::string(size, 'x');
    const Outcome outcome = send_one(content);
    EXPECT_EQ(outcome.kind, Kind::delivered) << size << ": " << outcome.reply;
    EXPECT_EQ(received()[0]["sha256"], crypto::to_hex(crypto::sha256(content)));
  }
}

TEST_F(SesTest, SignsWithTemporaryCredentials) {
  settings.session_token = Secret(ScriptedSes::kToken);
  EXPECT_EQ(send_one().kind, Kind::delivered);
  settings.session_token = Secret("old");
  const Outcome outcome = send_one();
  EXPECT_EQ(outcome.meaning, Meaning::configuration);
  EXPECT_EQ(outcome.rule, "ses.credentials");
}

TEST_F(SesTest, NeverBouncesForAWrongKey) {
  settings.secret_access_key = Secret("wrong");
  Outcome outcome = send_one();
  EXPECT_EQ(outcome.kind, Kind::deferred);
  EXPECT_EQ(outcome.rule, "ses.credentials") << outcome.reply;
  EXPECT_TRUE(outcome.alert);
  settings.access_key_id = Secret("AKIDOTHER");
  EXPECT_EQ(send_one().meaning, Meaning::configuration);
  settings.region = "us-east-1";
  EXPECT_EQ(send_one().meaning, Meaning::configuration);
}

TEST_F(SesTest, KnowsItsAbilities) {
  settings.concurrency = 7;
  const Abilities abilities = make(settings, tools)->abilities();
  EXPECT_EQ(abilities.max_recipients, 50U);
  EXPECT_EQ(abilities.concurrency, 7U);
  EXPECT_TRUE(abilities.rate_counts_recipients);
  EXPECT_FALSE(abilities.smtputf8);
  EXPECT_FALSE(abilities.look_up);
}

TEST_F(SesTest, NamesTheRegionsHost) {
  settings.base_url.clear();
  settings.region = "no-such-9";
  settings.timeout = 2s;
  const Outcome outcome = send_one();
  EXPECT_EQ(outcome.rule, "unreachable");
  EXPECT_NE(outcome.reply.find("email.no-such-9.amazonaws.com"), std::string::npos)
      << outcome.reply;
}

TEST_F(SesTest, RelaySignsOnceAndRemovesOtherSignatures) {
  sign_ourselves();
  EXPECT_EQ(
      send_one("DKIM-Signature: v=1; d=other\r\nX-SES-CONFIGURATION-SET: theirs\r\n" + kMail).kind,
      Kind::delivered);
  const std::string sent = raw();
  EXPECT_TRUE(
      sent.starts_with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.com; s=s1"))
      << sent;
  EXPECT_TRUE(sent.ends_with("\r\n" + kMail)) << sent;
  EXPECT_EQ(sent.find("DKIM-Signature", 1), std::string::npos);
  EXPECT_EQ(sent.find("X-SES"), std::string::npos);
}

TEST_F(SesTest, RelayHandsEightBitMailToAnother) {
  sign_ourselves();
  const Outcome outcome = send_one(kMail + "gr\xC3\xBC\xC3\x9F\r\n");
  EXPECT_EQ(outcome.kind, Kind::rejected);
  EXPECT_EQ(outcome.rule, "ses.eight-bit");
  EXPECT_EQ(outcome.blame, Blame::message);
  EXPECT_EQ(outcome.fail_over, FailOver::now);
  EXPECT_EQ(server.count("total"), 0);
}

TEST_F(SesTest, ProviderModeTakesEightBitMailAndSignsNothing) {
  EXPECT_EQ(send_one("dkim-signature: v=1\r\n" + kMail + "gr\xC3\xBC\xC3\x9F\r\n").kind,
            Kind::delivered);
  EXPECT_EQ(raw(), kMail + "gr\xC3\xBC\xC3\x9F\r\n");
}

TEST_F(SesTest, RelayNeverSignsWithWhatSesRefuses) {
  sign_ourselves(dkim::Algorithm::ed25519_sha256);
  EXPECT_EQ(send_one().kind, Kind::delivered);
  EXPECT_EQ(raw(), kMail);
}

TEST_F(SesTest, SplitsWhenOneOfSeveralRecipientsIsBad) {
  for (const Outcome& outcome : send({"a@y.com", "\xC3\xBC@y.com"})) {
    EXPECT_TRUE(outcome.split);
    EXPECT_EQ(outcome.kind, Kind::deferred);
  }
  EXPECT_EQ(send({"nowhere"}).at(0).kind, Kind::rejected);
}

TEST_F(SesTest, ReadsTheTypeOfAnErrorWhereverItIs) {
  const auto rule = [&](const std::string& step) { return when(step).rule; };
  EXPECT_EQ(rule(R"({"error": "TooManyRequestsException", "status": 429, "body": {}})"),
            "ses.throttled");
  EXPECT_EQ(
      rule(R"({"status": 400, "body": {"__type": "com.amazonaws.sesv2#SendingPausedException"}})"),
      "ses.paused");
  EXPECT_EQ(rule(R"({"status": 400, "body": {"Message": "Sending paused for this account."}})"),
            "ses.paused");
  EXPECT_EQ(
      when(R"({"error": "MessageRejected", "body": {"message": "Email address is not verified."}})")
          .reply,
      "400 MessageRejected: Email address is not verified.");
}

TEST_F(SesTest, WaitsBrieflyWhenThrottledAndLongWhenTheDayIsUsedUp) {
  Outcome outcome = when(
      R"({"status": 429, "error": "TooManyRequestsException", "body": {"message": "Maximum sending rate exceeded."}})");
  EXPECT_EQ(outcome.meaning, Meaning::rate_limited);
  EXPECT_LE(*outcome.retry_at - clock.now(), 1s);
  outcome = when(
      R"({"error": "LimitExceededException", "body": {"message": "Daily message quota exceeded."}})");
  EXPECT_EQ(outcome.meaning, Meaning::blocked);
  EXPECT_GE(*outcome.retry_at - clock.now(), 59min);
}

TEST_F(SesTest, IsUnreachableBeforeTheBodyIsWhole) {
  server.script(R"({"steps": [{"reset": "start"}]})");
  EXPECT_EQ(send_one(kMail + std::string(8'000'000, 'x')).rule, "unreachable");
  settings.base_url = "http://127.0.0.1:1";
  EXPECT_EQ(send_one().rule, "unreachable");
  EXPECT_EQ(server.count("messages"), 0);
}

TEST_F(SesTest, IsUncertainWhenTheAnswerIsLost) {
  for (const char* step :
       {R"({"reset": "end"})", R"({"close": true})", R"({"reset": "answer"})",
        R"({"garbage": true})", R"({"endless": true})", R"({"body": "OK"})", R"({"body": {}})",
        R"({"body": {"MessageId": 7}})", R"({"take": true, "status": 500})", R"({"status": 503})"})
    EXPECT_EQ(when(step).kind, Kind::uncertain) << step;
  settings.timeout = 300ms;
  EXPECT_EQ(when(R"({"hang": true})").kind, Kind::uncertain);
}

TEST_F(SesTest, BlamesNobodyWhenOurOwnStoreFails) {
  class BrokenContent final : public Content {
    std::uint32_t chunks() const override { return 1; }
    std::uint64_t size_bytes() const override { return 100; }
    std::shared_ptr<const std::string> chunk(std::uint32_t) const override {
      throw std::runtime_error("disk on fire");
    }
  };
  const auto transport = make(settings, tools);
  Parcel parcel = a_parcel({"a@y.com"});
  parcel.content = std::make_shared<BrokenContent>();
  const Outcome outcome = deliver(*transport, parcel).at(0);
  EXPECT_EQ(outcome.kind, Kind::deferred);
  EXPECT_EQ(outcome.blame, Blame::none);
}

TEST_F(SesTest, MayBeDestroyedWhileACallIsUnderWay) {
  server.script(R"({"steps": [{"delay": 0.1}]})");
  std::promise<Report> report;
  make(settings, tools)->deliver(a_parcel({"a@y.com"}, kMail), [&](Report r) {
    report.set_value(std::move(r));
  });
  EXPECT_EQ(report.get_future().get().at(0).kind, Kind::delivered);
}

TEST_F(SesTest, HearsOfQuotaAndStanding) {
  const Account healthy = account_when("{}");
  EXPECT_EQ(healthy.recipients_per_second, 1000);
  EXPECT_EQ(healthy.note, "12 of 50000 recipients in 24 h");
  EXPECT_FALSE(healthy.refusal);
  const Account sandbox = account_when(R"({"ProductionAccessEnabled": false,
      "EnforcementStatus": "PROBATION",
      "SendQuota": {"Max24HourSend": 200, "MaxSendRate": 1, "SentLast24Hours": 1}})");
  EXPECT_EQ(sandbox.note, "1 of 200 recipients in 24 h, in the sandbox, PROBATION");
  EXPECT_EQ(sandbox.recipients_per_second, 1);
  EXPECT_FALSE(sandbox.refusal);
}

TEST_F(SesTest, HearsThatNothingWouldPass) {
  for (const char* order :
       {R"({"SendingEnabled": false})", R"({"EnforcementStatus": "SHUTDOWN"})",
        R"({"SendQuota": {"Max24HourSend": 200, "MaxSendRate": 1, "SentLast24Hours": 200}})"}) {
    server.reset();
    const Account account = account_when(order);
    ASSERT_TRUE(account.refusal) << order;
    EXPECT_EQ(account.refusal->meaning, Meaning::blocked);
    EXPECT_GT(*account.refusal->retry_at, clock.now() + 5min);
  }
}

TEST_F(SesTest, TakesAnAccountItMayNotAskForNoTrouble) {
  for (const char* order :
       {R"({"status": 403, "message": "not authorized"})", R"({"status": 500})"}) {
    server.reset();
    const Account account = account_when(order);
    EXPECT_TRUE(account.note.starts_with("account unknown: ")) << account.note;
    EXPECT_FALSE(account.refusal);
    EXPECT_EQ(account.recipients_per_second, 0);
  }
}

TEST_F(SesTest, AsksForTheAccountAgainAndAgain) {
  struct Heard {
    std::promise<void> thrice;
    int times = 0;
  };
  const auto heard = std::make_shared<Heard>();
  const SesAccess access{.base_url = server.url(),
                         .region = ScriptedSes::kRegion,
                         .key_id = Secret(ScriptedSes::kKeyId),
                         .secret = Secret(ScriptedSes::kKey),
                         .session_token = {}};
  const auto watch = std::make_shared<SesAccountWatch>(access, 1ms, http, clock, io.get_executor());
  watch->start([heard](const Account&) {
    if (++heard->times == 3) heard->thrice.set_value();
  });
  heard->thrice.get_future().get();
  watch->stop();
}

}  // namespace
}  // namespace postern::transports

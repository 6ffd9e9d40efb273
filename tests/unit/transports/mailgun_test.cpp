// The Mailgun transport against the scripted Mailgun: requests as they arrive there, and what each
// fault of a provider becomes.
#include "transports/mailgun.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/crypto.hpp"
#include "parcels.hpp"
#include "tests/support/scripted_mailgun.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;

class FakeClock final : public Clock {
 public:
  Time now() const override { return std::chrono::sys_days{std::chrono::year{2026} / 8 / 5} + 18h; }
  Tick tick() const override { return {}; }
};

class MailgunTest : public ::testing::Test {
 protected:
  MailgunTest() {
    settings.name = "mg";
    settings.type = "mailgun";
    settings.base_url = server.url() + "/";
    settings.api_key = Secret(testing::ScriptedMailgun::kKey);
    settings.timeout = 5s;
    tools.http = &http;
    tools.clock = &clock;
    server.reset();
  }

  Report send(std::vector<std::string> recipients) {
    const auto transport = make(settings, tools);
    return deliver(*transport, a_parcel(std::move(recipients)));
  }
  Outcome send_one() { return send({"a@y.com"}).at(0); }
  Outcome send_large() {
    const auto transport = make(settings, tools);
    return deliver(*transport, a_parcel({"a@y.com"}, std::string(8'000'000, 'x'))).at(0);
  }
  Outcome when(const std::string& step) {
    server.script(R"({"steps": [)" + step + "]}");
    return send_one();
  }
  Answer look_up(const std::string& recipient = "a@y.com") {
    const auto transport = make(settings, tools);
    Inquiry inquiry{.message = a_message({recipient}, ""),
                    .recipient = 0,
                    .provider_domain = "mg.x.com",
                    .attempt_started_at = SystemClock().now()};
    std::promise<Answer> answer;
    transport->look_up(inquiry, [&](Answer a) { answer.set_value(std::move(a)); });
    return answer.get_future().get();
  }
  nlohmann::json received() { return nlohmann::json::parse(server.received()); }

  static testing::ScriptedMailgun server;
  net::CurlHttpClient http{{}};
  FakeClock clock;
  config::Transport settings;
  Tools tools;
};

testing::ScriptedMailgun MailgunTest::server;

TEST_F(MailgunTest, DeliversToAllRecipientsInOneCall) {
  const Report report = send({"a@y.com", "\"b,c\"@y.com", "d@z.com"});
  ASSERT_EQ(report.size(), 3U);
  for (const Outcome& outcome : report) {
    EXPECT_EQ(outcome.kind, Kind::delivered);
    EXPECT_EQ(outcome.provider_id, "1@x.com");
    EXPECT_EQ(outcome.reply, "200 Queued. Thank you.");
  }
  ASSERT_EQ(received().size(), 1U);
  EXPECT_EQ(received()[0]["to"], nlohmann::json({"a@y.com", "\"b,c\"@y.com", "d@z.com"}));
  EXPECT_EQ(received()[0]["domain"], "mg.x.com");
}

TEST_F(MailgunTest, SendsTheStoredBytesUnchanged) {
  const std::string content("Message-ID: <1@x.com>\nbare LF\r\n\r\n--\0\xff\r\n.\r\n", 42);
  const auto transport = make(settings, tools);
  deliver(*transport, a_parcel({"a@y.com"}, content));
  EXPECT_EQ(received().at(0)["raw"], crypto::to_base64(content));
}

TEST_F(MailgunTest, SendsOnlyTheRecipientsOfTheParcel) {
  const auto transport = make(settings, tools);
  Parcel parcel = a_parcel({"a@y.com", "b@y.com", "c@y.com"});
  parcel.recipients = {2, 0};
  EXPECT_EQ(deliver(*transport, parcel).size(), 2U);
  EXPECT_EQ(received().at(0)["to"], nlohmann::json({"c@y.com", "a@y.com"}));
}

TEST_F(MailgunTest, EscapesTheDomainInThePath) {
  const auto transport = make(settings, tools);
  Parcel parcel = a_parcel({"a@y.com"});
  parcel.provider_domain = "x.com/../y?z";
  deliver(*transport, parcel);
  EXPECT_EQ(received().at(0)["domain"], "x.com/../y?z");
}

TEST_F(MailgunTest, KnowsItsAbilities) {
  settings.concurrency = 7;
  settings.max_message_bytes = 1000;
  const Abilities abilities = make(settings, tools)->abilities();
  EXPECT_EQ(abilities.max_recipients, 1000U);
  EXPECT_EQ(abilities.concurrency, 7U);
  EXPECT_EQ(abilities.max_message_bytes, 1000U);
  EXPECT_TRUE(abilities.look_up);
}

TEST_F(MailgunTest, BlocksWhenTheAccountIsDisabled) {
  const Outcome outcome = when(
      R"({"status": 403, "body": {"message": "Domain mg.x.com is not allowed to send: Account disabled"}})");
  EXPECT_EQ(outcome.meaning, Meaning::blocked);
  EXPECT_EQ(outcome.blame, Blame::transport);
  EXPECT_EQ(outcome.fail_over, FailOver::now);
  EXPECT_EQ(outcome.reply, "403 Domain mg.x.com is not allowed to send: Account disabled");
}

TEST_F(MailgunTest, SplitsWhenOneOfSeveralRecipientsIsBad) {
  const std::string refusal =
      R"({"steps": [{"status": 400, "body": {"message": "'to' parameter is not a valid address"}}]})";
  server.script(refusal);
  for (const Outcome& outcome : send({"a@y.com", "bad", "c@y.com"})) {
    EXPECT_TRUE(outcome.split);
    EXPECT_EQ(outcome.kind, Kind::deferred);
  }
  server.script(refusal);
  const Outcome alone = send_one();
  EXPECT_EQ(alone.kind, Kind::rejected);
  EXPECT_EQ(alone.blame, Blame::recipient);
}

TEST_F(MailgunTest, AsksTwiceBeforeItBelievesThatADomainIsUnknown) {
  const std::string step = R"({"status": 404, "body": {"message": "Domain not found: mg.x.com"}})";
  EXPECT_EQ(when(step).kind, Kind::delivered);
  EXPECT_EQ(server.count("total"), 2);
  const Outcome outcome = when(step + "," + step);
  EXPECT_EQ(outcome.meaning, Meaning::configuration);
  EXPECT_EQ(server.count("total"), 4);
}

// Fault 10: before the body is whole the failure is definite.
TEST_F(MailgunTest, IsUnreachableWhenNobodyListens) {
  settings.base_url = "http://127.0.0.1:1";
  const Outcome outcome = send_one();
  EXPECT_EQ(outcome.kind, Kind::deferred);
  EXPECT_EQ(outcome.rule, "unreachable");
  EXPECT_EQ(outcome.blame, Blame::transport);
  EXPECT_EQ(outcome.fail_over, FailOver::now);
}

TEST_F(MailgunTest, IsUnreachableWhenTlsFails) {
  settings.base_url = "https://" + server.authority();
  EXPECT_EQ(send_one().rule, "unreachable");
}

TEST_F(MailgunTest, IsUnreachableWhenTheBodyIsCutOff) {
  for (const char* where : {"start", "body"}) {
    server.script(std::string(R"({"steps": [{"reset": ")") + where + R"("}]})");
    EXPECT_EQ(send_large().rule, "unreachable") << where;
  }
  EXPECT_EQ(server.count("messages"), 0);
}

// Fault 10: after the body is whole only a whole answer is sure.
TEST_F(MailgunTest, IsUncertainWhenTheAnswerIsLost) {
  for (const char* step :
       {R"({"reset": "end"})", R"({"close": true})", R"({"reset": "answer"})",
        R"({"garbage": true})", R"({"endless": true})", R"({"body": "OK"})",
        R"({"body": {"message": "Queued."}})", R"({"status": 202, "body": ""})"}) {
    const Outcome outcome = when(step);
    EXPECT_EQ(outcome.kind, Kind::uncertain) << step;
    EXPECT_EQ(outcome.fail_over, FailOver::never) << step;
  }
}

TEST_F(MailgunTest, IsUncertainAfterAServerError) {
  for (const char* status : {"500", "502", "503", "504"})
    EXPECT_EQ(when(R"({"take": true, "status": )" + std::string(status) + "}").kind,
              Kind::uncertain)
        << status;
  EXPECT_EQ(server.count("messages"), 4);
}

TEST_F(MailgunTest, HoldsItsDeadline) {
  settings.timeout = 300ms;
  for (const char* step : {R"({"hang": true})", R"({"drip": 1})"})
    EXPECT_EQ(when(step).kind, Kind::uncertain) << step;
}

TEST_F(MailgunTest, BelievesARefusalWhoseExplanationNeverEnds) {
  const Outcome outcome = when(R"({"status": 401, "endless": true})");
  EXPECT_EQ(outcome.meaning, Meaning::configuration);
  EXPECT_LE(outcome.reply.size(), 1100U);
}

// Fault 11: whatever Retry-After says, the wait stays sane.
TEST_F(MailgunTest, ReadsOnlySaneRetryTimes) {
  const auto retry_at = [&](const std::string& retry_after) {
    return when(R"({"status": 429, "headers": {"Retry-After": ")" + retry_after + R"("}})")
        .retry_at;
  };
  EXPECT_EQ(retry_at("20"), clock.now() + 20s);
  EXPECT_EQ(retry_at("Wed, 05 Aug 2026 18:00:09 GMT"), clock.now() + 9s);
  for (const char* absurd : {"100000", "1000000000", "Tue, 05 Aug 2036 18:00:00 GMT"})
    EXPECT_EQ(retry_at(absurd), clock.now() + 24h) << absurd;
  for (const char* garbage : {"-1", "1e9", "soon", ""})
    EXPECT_EQ(retry_at(garbage), std::nullopt) << garbage;
}

// Fault 12: no key, no mail, but nothing bounces and somebody hears of it.
TEST_F(MailgunTest, NeverBouncesForAWrongKey) {
  settings.api_key = Secret("wrong");
  for (const Outcome& outcome : send({"a@y.com", "b@y.com"})) {
    EXPECT_EQ(outcome.kind, Kind::deferred);
    EXPECT_EQ(outcome.meaning, Meaning::configuration);
    EXPECT_TRUE(outcome.alert);
  }
  EXPECT_EQ(when(R"({"status": 403, "body": "no"})").kind, Kind::deferred);
}

TEST_F(MailgunTest, BlamesNobodyWhenOurOwnStoreFails) {
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

TEST_F(MailgunTest, MayBeDestroyedWhileACallIsUnderWay) {
  server.script(R"({"steps": [{"delay": 0.1}]})");
  std::promise<Report> report;
  make(settings, tools)->deliver(a_parcel({"a@y.com"}), [&](Report r) {
    report.set_value(std::move(r));
  });
  EXPECT_EQ(report.get_future().get().at(0).kind, Kind::delivered);
}

TEST_F(MailgunTest, FindsWhatArrivedDespiteAnError) {
  when(R"({"take": true, "status": 500})");
  EXPECT_EQ(look_up().kind, Answer::Kind::accepted);
  EXPECT_EQ(look_up("A@Y.com").kind, Answer::Kind::accepted);
  EXPECT_EQ(look_up("other@y.com").kind, Answer::Kind::unknown);
}

TEST_F(MailgunTest, FindsNothingWhereNothingArrived) {
  when(R"({"take": false, "status": 500})");
  EXPECT_EQ(look_up().kind, Answer::Kind::unknown);
}

TEST_F(MailgunTest, LearnsOfAFinalRefusal) {
  server.events(R"({"add": [{"event": "failed", "severity": "permanent", "recipient": "a@y.com",
                             "message": {"headers": {"message-id": "1@x.com"}}}]})");
  EXPECT_EQ(look_up().kind, Answer::Kind::refused);
}

TEST_F(MailgunTest, LearnsNothingFromABrokenEventsPage) {
  for (const char* setting :
       {R"({"status": 500})", R"({"status": 200, "body": "<html>"})", R"({"status": 429})"}) {
    server.events(setting);
    EXPECT_EQ(look_up().kind, Answer::Kind::unknown) << setting;
  }
}

}  // namespace
}  // namespace postern::transports

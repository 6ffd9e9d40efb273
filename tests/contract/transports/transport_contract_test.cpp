// What every row of transports/registry.cpp must keep, whatever its provider: one outcome per
// recipient, exactly once, from any thread and never an exception; nothing bounces because a
// provider is out of reach, nobody is blamed for a fault of ours. A new row is picked up by itself;
// what it needs to be configured goes into settings_of().
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <set>
#include <thread>

#include "net/curl_http_client.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/transports/parcels.hpp"
#include "transports/classify.hpp"
#include "transports/registry.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;

// Captures write files; everybody else talks to a port where nobody listens.
constexpr std::string_view kWithoutProvider = "capture";

class TransportContract : public ::testing::TestWithParam<std::string> {
 protected:
  TransportContract() {
    tools.http = &http;
    tools.clock = &clock;
    tools.io = {io.get_executor()};
  }
  ~TransportContract() override {
    transport.reset();
    work.reset();
    thread.join();
  }
  config::Transport settings_of(const std::string& type) const {
    config::Transport settings;
    settings.name = "way-1";
    settings.type = type;
    settings.concurrency = 3;
    settings.timeout = 5s;
    settings.max_message_bytes = 123'456;
    settings.rate.per_second = 7;
    settings.base_url = "http://127.0.0.1:1";
    settings.region = type == "ses" ? "eu-west-1" : "us";
    settings.host = "127.0.0.1";
    settings.port = 1;
    settings.tls = config::TransportTls::none;
    settings.directory = directory.path();
    settings.dkim = config::DkimBy::provider;
    return settings;
  }
  Transport& made() {
    if (!transport) transport = make(settings_of(GetParam()), tools);
    return *transport;
  }
  bool has_provider() const { return GetParam() != kWithoutProvider; }

  const testing::TemporaryDirectory directory;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread{[this] { io.run(); }};
  net::CurlHttpClient http{{}};
  SystemClock clock;
  Tools tools;
  std::unique_ptr<Transport> transport;
};

TEST_P(TransportContract, SaysWhatItIs) {
  EXPECT_EQ(made().name(), "way-1");
  EXPECT_EQ(made().type(), GetParam());
}

TEST_P(TransportContract, KeepsTheOperatorsLimits) {
  const Abilities abilities = made().abilities();
  EXPECT_EQ(abilities.max_message_bytes, 123'456U);
  EXPECT_EQ(abilities.concurrency, 3U);
  EXPECT_EQ(abilities.rate_per_second, 7);
  EXPECT_GE(abilities.max_recipients, 1U);
}

TEST_P(TransportContract, AnswersOncePerRecipient) {
  const Report report = deliver(made(), a_parcel({"a@y.com", "b@y.com", "c@y.com"}));
  ASSERT_EQ(report.size(), 3U);
  for (const Outcome& outcome : report) {
    EXPECT_NE(outcome.kind, Kind::rejected) << outcome.reply;
    if (!has_provider()) continue;
    EXPECT_EQ(outcome.kind, Kind::deferred);
    EXPECT_EQ(outcome.rule, "unreachable") << outcome.reply;
    EXPECT_FALSE(outcome.reply.empty());
  }
}

TEST_P(TransportContract, AnswersOnlyForTheParcelsRecipients) {
  Parcel parcel = a_parcel({"a@y.com", "b@y.com", "c@y.com"});
  parcel.recipients = {2};
  EXPECT_EQ(deliver(made(), parcel).size(), 1U);
}

TEST_P(TransportContract, ServesManyThreads) {
  constexpr int kCalls = 40;
  Transport& way = made();
  std::atomic<int> answers{0};
  std::promise<void> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int call = 0; call < kCalls / 4; ++call)
        way.deliver(a_parcel({"a@y.com"}), [&](const Report& report) {
          EXPECT_EQ(report.size(), 1U);
          if (++answers == kCalls) all.set_value();
        });
    });
  for (std::thread& one : threads) one.join();
  all.get_future().get();
  EXPECT_EQ(answers, kCalls);
}

TEST_P(TransportContract, BlamesNoRecipientForAStoreThatIsBroken) {
  class Broken final : public Content {
    std::uint32_t chunks() const override { return 1; }
    std::uint64_t size_bytes() const override { return 10; }
    std::shared_ptr<const std::string> chunk(std::uint32_t) const override {
      throw std::runtime_error("disk on fire");
    }
  };
  Parcel parcel = a_parcel({"a@y.com"});
  parcel.content = std::make_shared<Broken>();
  const Outcome outcome = deliver(made(), parcel).at(0);
  EXPECT_EQ(outcome.kind, Kind::deferred) << outcome.reply;
  EXPECT_NE(outcome.blame, Blame::recipient);
  EXPECT_NE(outcome.blame, Blame::sender_domain);
}

TEST_P(TransportContract, AnswersWhenAskedAboutADoubt) {
  std::promise<Answer> answer;
  made().look_up({.message = a_message({"a@y.com"}, ""),
                  .recipient = 0,
                  .provider_domain = "x.com",
                  .attempt_started_at = clock.now()},
                 [&](Answer said) { answer.set_value(std::move(said)); });
  const Answer::Kind kind = answer.get_future().get().kind;
  EXPECT_EQ(kind, made().abilities().look_up ? Answer::Kind::unknown : Answer::Kind::unable);
}

TEST_P(TransportContract, MayGoWhileCallsAreUnderWay) {
  std::promise<Report> report;
  auto going = make(settings_of(GetParam()), tools);
  going->deliver(a_parcel({"a@y.com"}), [&](Report r) { report.set_value(std::move(r)); });
  going->close();
  going.reset();
  EXPECT_EQ(report.get_future().get().size(), 1U);
}

TEST_P(TransportContract, AnswersWhatComesAfterItWasClosed) {
  std::promise<Report> report;
  auto going = make(settings_of(GetParam()), tools);
  going->close();
  going->deliver(a_parcel({"a@y.com"}), [&](Report r) { report.set_value(std::move(r)); });
  auto answer = report.get_future();
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(answer.get().size(), 1U);
}

TEST_P(TransportContract, HasRulesThatNeverBounceAnUnknown4xx) {
  const auto rules = rules_for(GetParam());
  EXPECT_EQ(rules.empty(), !has_provider());
  for (const Rule& rule : rules)
    EXPECT_NE(rule.name.find('.'), std::string_view::npos) << "a rule is named TABLE.WHAT";
  for (int status = 400; has_provider() && status < 500; ++status) {
    if (status == 413) continue;  // says what it means
    Reply reply;
    reply.status = status;
    reply.text = "words that nobody has seen before";
    EXPECT_EQ(classify(rules, reply, clock.now()).kind, Kind::deferred) << status;
  }
}

std::vector<std::string> all_types() {
  std::vector<std::string> names;
  for (const Type& row : types()) names.emplace_back(row.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Registry, TransportContract, ::testing::ValuesIn(all_types()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace postern::transports

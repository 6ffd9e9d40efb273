// Days of a bad world, by seed: outages, blocks, refusals, uncertain ends, kills and a flapping
// store. Whatever happens, every recipient ends exactly once, nothing temporary bounces, and no
// more copies arrive than were counted as possible duplicates.
#include <gtest/gtest.h>

#include <random>

#include "world.hpp"

namespace postern::delivery {
namespace {

using namespace std::chrono_literals;

class Weather {
 public:
  Weather(World& world, std::uint64_t seed) : world_(world), random_(seed) {}
  bool chance(double probability) {
    return std::uniform_real_distribution<>(0, 1)(random_) < probability;
  }
  int roll(int most) { return std::uniform_int_distribution<>(0, most)(random_); }

  /// Each transport in one of its moods; a mood lasts until change().
  void attach(FakeTransport& transport) {
    transport.answer = [this, &transport](const Message& message, const std::string& recipient) {
      return answer(transport, message, recipient);
    };
    transport.abilities_.look_up = true;
    transport.knows = [&transport](const transports::Inquiry& inquiry) {
      const std::string key =
          inquiry.message->id() + " " + inquiry.message->envelope.recipients[inquiry.recipient];
      using Kind = transports::Answer::Kind;
      return transports::Answer{
          .kind = transport.arrived.contains(key) ? Kind::accepted : Kind::unknown,
          .detail = "the index"};
    };
  }
  void change(FakeTransport& transport) {
    moods_[transport.name()] = roll(5);
    transport.hangs = chance(0.2);
  }

 private:
  Outcome answer(FakeTransport& transport, const Message& message, const std::string& recipient) {
    if (recipient.starts_with("wrong")) return refused_recipient(true);
    switch (moods_[transport.name()]) {
      case 1:
        return blocked(world_.now + Duration(1000 * roll(3600)));
      case 2:
        return chance(0.5) ? temporary() : Outcome::delivered("250 ok");
      case 3:
        return Outcome::unreachable("connection refused");
      case 4: {
        if (chance(0.5)) transport.arrived.insert(message.id() + " " + recipient);
        return Outcome::uncertain("connection reset");
      }
      default:
        return Outcome::delivered("250 ok");
    }
  }

  World& world_;
  std::mt19937_64 random_;
  std::map<std::string, int> moods_;
};

void live_through(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World world;
  world.config.queue.memory_messages = 8;
  Weather weather(world, seed);
  std::vector<FakeTransport*> transports;
  for (const char* name : {"mailgun", "ses", "backup"}) {
    transports.push_back(&world.transport(name));
    transports.back()->abilities_.concurrency = 3;
    weather.attach(*transports.back());
  }
  struct Sent {
    MessageNo no;
    std::vector<std::string> recipients;
  };
  std::vector<Sent> sent;
  for (int turn = 0; turn < 60; ++turn) {
    for (FakeTransport* transport : transports)
      if (weather.chance(0.3)) weather.change(*transport);
    for (int i = weather.roll(3); i > 0; --i) {
      std::vector<std::string> recipients{"x@b.example"};
      if (weather.chance(0.3)) recipients.push_back("y@b.example");
      if (weather.chance(0.2)) recipients.push_back("wrong@b.example");
      sent.push_back({world.put("ann@a" + std::to_string(weather.roll(3)) + ".example", recipients),
                      recipients});
    }
    world.run();
    world.store_broken = weather.chance(0.1);
    world.fault_after_commit = weather.chance(0.1);
    if (weather.chance(0.5)) world.let_go();
    world.pass(Duration(1000 * weather.roll(600)));
    world.store_broken = false;
    if (weather.chance(0.08)) world.restart();
  }
  // The weather clears; everything must come to its end.
  for (FakeTransport* transport : transports) {
    transport->hangs = false;
    transport->answer = [](const Message&, const std::string& recipient) {
      return recipient.starts_with("wrong") ? refused_recipient(true)
                                            : Outcome::delivered("250 ok");
    };
  }
  world.let_go();
  world.pass(30h);
  std::size_t copies = 0;
  std::size_t wrong = 0;
  for (const Sent& message : sent)
    for (std::uint32_t index = 0; index < message.recipients.size(); ++index) {
      const std::string& recipient = message.recipients[index];
      const bool is_wrong = recipient.starts_with("wrong");
      const DeliveryState state = world.state(message.no, index);
      // Three kills during attempts in a row hold a message: the operator's to decide.
      if (state == DeliveryState::held) continue;
      ASSERT_EQ(state, is_wrong ? DeliveryState::failed : DeliveryState::sent)
          << to_id(message.no) << " " << recipient << " "
          << world.delivery(message.no, index).reason;
      const std::size_t arrived = world.arrivals(message.no, recipient);
      EXPECT_EQ(arrived == 0, is_wrong);
      if (arrived > 1) copies += arrived - 1;
      if (is_wrong) ++wrong;
    }
  EXPECT_LE(static_cast<double>(copies), world.possible_duplicates());
  EXPECT_EQ(world.reports().size(), wrong) << "each refused recipient is reported once";
}

class Simulation : public ::testing::TestWithParam<std::uint64_t> {};
TEST_P(Simulation, EveryRecipientEndsOnce) {
  live_through(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace postern::delivery

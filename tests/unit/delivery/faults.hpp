#pragma once
// The language of the fault tests: two transports, of which the first can be asked about what
// stayed uncertain.
#include <gtest/gtest.h>

#include "world.hpp"

namespace postern::delivery {

using State = DeliveryState;
using Kind = transports::Answer::Kind;

struct FaultTest : ::testing::Test {
  World world;
  FakeTransport& mailgun = world.transport("mailgun");
  FakeTransport& backup = world.transport("backup");

  MessageNo send() {
    const MessageNo no = world.put("ann@a.example", {"x@b.example"});
    world.run();
    return no;
  }
  static void always(FakeTransport& transport, const Outcome& outcome) {
    transport.answer = [outcome](const Message&, const std::string&) { return outcome; };
  }
  static void well(FakeTransport& transport) { always(transport, Outcome::delivered("250 ok")); }
  void knows(Kind kind, const Outcome& why = {}) {
    mailgun.abilities_.look_up = true;
    mailgun.knows = [kind, why](const transports::Inquiry&) {
      return transports::Answer{
          .kind = kind, .detail = "the index", .provider_id = "id-1", .why = why};
    };
  }
  double settled(const std::string& resolution) {
    return world.metrics.uncertain.Add({{"transport", "mailgun"}, {"resolution", resolution}})
        .Value();
  }
};

}  // namespace postern::delivery

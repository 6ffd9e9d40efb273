// The words that states, channels and outcomes have in records, filters and logs; secrets have
// none.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "core/message.hpp"
#include "core/outcome.hpp"
#include "core/secret.hpp"

namespace postern {
namespace {

TEST(DeliveryState, ReadsBackFromItsWord) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(DeliveryState::cancelled); ++i) {
    const auto state = static_cast<DeliveryState>(i);
    words.insert(to_string(state));
    EXPECT_EQ(parse_delivery_state(to_string(state)).value(), state);
  }
  EXPECT_EQ(words.size(), 10U);
  EXPECT_FALSE(parse_delivery_state("Queued"));
  EXPECT_FALSE(parse_delivery_state(""));
}

TEST(DeliveryState, IsFinalOnceNothingMoreIsDone) {
  for (const char* word : {"sent", "delivered", "failed", "expired", "cancelled"})
    EXPECT_TRUE(is_final(parse_delivery_state(word).value())) << word;
  for (const char* word : {"queued", "active", "deferred", "uncertain", "held"})
    EXPECT_FALSE(is_final(parse_delivery_state(word).value())) << word;
}

TEST(Channel, ReadsBackFromItsWord) {
  for (const Channel channel : {Channel::mail, Channel::webhook})
    EXPECT_EQ(parse_channel(to_string(channel)).value(), channel);
  EXPECT_FALSE(parse_channel("sms"));
}

TEST(Outcome, OfADeliveryBlamesNobody) {
  const Outcome outcome = Outcome::delivered("250 ok", "id-1");
  EXPECT_EQ(to_string(outcome.kind), "delivered");
  EXPECT_EQ(to_string(outcome.meaning), "delivered");
  EXPECT_EQ(to_string(outcome.blame), "none");
  EXPECT_EQ(outcome.fail_over, FailOver::never);
  EXPECT_EQ(outcome.provider_id, "id-1");
}

TEST(Outcome, OfAnUnreachablePeerFailsOverAtOnce) {
  const Outcome outcome = Outcome::unreachable("connection refused");
  EXPECT_EQ(to_string(outcome.kind), "deferred");
  EXPECT_EQ(to_string(outcome.meaning), "temporary");
  EXPECT_EQ(to_string(outcome.blame), "transport");
  EXPECT_EQ(outcome.fail_over, FailOver::now);
}

TEST(Outcome, ThatIsUncertainStaysWhereItIs) {
  const Outcome outcome = Outcome::uncertain("reset after the body");
  EXPECT_EQ(to_string(outcome.kind), "uncertain");
  EXPECT_EQ(outcome.fail_over, FailOver::never);
}

TEST(Outcome, IsATemporaryFailureUnlessSomethingSaysOtherwise) {
  EXPECT_EQ(to_string(Outcome{}.kind), "deferred");
  EXPECT_EQ(Outcome{}.fail_over, FailOver::later);
}

TEST(Secret, PrintsStars) {
  std::ostringstream out;
  out << Secret("hunter2");
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(Secret("hunter2").reveal(), "hunter2");
}

TEST(MemoryContent, IsOneChunk) {
  const MemoryContent content(std::string("abc"));
  EXPECT_EQ(content.chunks(), 1U);
  EXPECT_EQ(content.size_bytes(), 3U);
  EXPECT_EQ(*content.chunk(0), "abc");
}

}  // namespace
}  // namespace postern

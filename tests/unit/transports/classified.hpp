#pragma once
// The language of the rule tests: a reply, what it must mean, whom it blames, which rule speaks.
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "transports/classify.hpp"

namespace postern::transports {

using namespace std::chrono_literals;
using enum Meaning;
using Phase = Reply::Phase;

// Wed, 05 Aug 2026 18:00:00 UTC
inline constexpr Time kNow = std::chrono::sys_days{std::chrono::year{2026} / 8 / 5} + 18h;

struct Expected {
  std::string_view rule;
  Outcome::Kind kind;
  Meaning meaning;
  Blame blame;
  FailOver fail_over;
};

struct Case {
  std::string_view text;
  int status;
  Expected expected;
  Phase phase = Phase::none;
};

inline void PrintTo(const Case& row, std::ostream* out) {
  *out << row.status << " " << row.text;
}

inline Outcome classified(std::string_view type, const Case& row) {
  Reply reply;
  reply.status = row.status;
  reply.text = row.text;
  reply.phase = row.phase;
  return classify(rules_for(type), reply, kNow);
}

inline void expect(std::string_view type, const Case& row) {
  const Outcome outcome = classified(type, row);
  EXPECT_EQ(outcome.rule, row.expected.rule);
  EXPECT_EQ(to_string(outcome.kind), to_string(row.expected.kind));
  EXPECT_EQ(to_string(outcome.meaning), to_string(row.expected.meaning));
  EXPECT_EQ(to_string(outcome.blame), to_string(row.expected.blame));
  EXPECT_EQ(outcome.fail_over, row.expected.fail_over);
}

inline constexpr auto kDeferred = Outcome::Kind::deferred;
inline constexpr auto kRejected = Outcome::Kind::rejected;
inline constexpr auto kUncertain = Outcome::Kind::uncertain;

}  // namespace postern::transports

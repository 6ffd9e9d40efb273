// Every case against the session alone: in plain text and inside TLS, step by step, byte by byte,
// and cut in two at every byte.
#include <gtest/gtest.h>

#include "tests/dialogue/session_line.hpp"

namespace postern::smtpd::dialogue {

// gtest prints a parameter by this.
void PrintTo(const Case& each, std::ostream* out) {
  *out << each.place;
}

namespace {

// Up to so many bytes a case is cut at every one of them; a longer one at so many places.
constexpr std::size_t kCutEverywhereBytes = 4096;
constexpr std::size_t kCutsOfLong = 50;

void replay(const Case& each, bool in_tls, Cut cut) {
  SessionLine line(each);
  ASSERT_TRUE(Replay(each, line, in_tls, cut).run());
  ASSERT_EQ(to_text(line.queued()), to_text(each.queued));
}

void cut_anywhere(const Case& each, bool in_tls) {
  const std::size_t total = each.spoken_bytes();
  const std::size_t stride = total <= kCutEverywhereBytes ? 1 : total / kCutsOfLong;
  for (std::size_t at = 1; at < total; at += stride) {
    SCOPED_TRACE("cut at byte " + std::to_string(at));
    replay(each, in_tls, {.at = at});
    if (testing::Test::HasFatalFailure()) return;
  }
}

bool can_be_cut(const Case& each) {
  return !each.has("whole");
}

class Plain : public testing::TestWithParam<Case> {};
class InTls : public testing::TestWithParam<Case> {};
class PlainCut : public testing::TestWithParam<Case> {};
class InTlsCut : public testing::TestWithParam<Case> {};

TEST_P(Plain, IsAnsweredAsWritten) {
  replay(GetParam(), false, {});
}
TEST_P(InTls, IsAnsweredAsWritten) {
  replay(with_starttls(GetParam()), true, {});
}
TEST_P(PlainCut, ByteByByte) {
  replay(GetParam(), false, {.everywhere = true});
}
TEST_P(PlainCut, InTwoAtEveryByte) {
  cut_anywhere(GetParam(), false);
}
TEST_P(InTlsCut, InTwoAtEveryByte) {
  cut_anywhere(with_starttls(GetParam()), true);
}

const auto kName = [](const auto& each) { return each.param.name(); };
INSTANTIATE_TEST_SUITE_P(Session, Plain, testing::ValuesIn(all_cases()), kName);
INSTANTIATE_TEST_SUITE_P(Session, InTls, testing::ValuesIn(cases_where(is_replayed_in_tls)), kName);
INSTANTIATE_TEST_SUITE_P(Session, PlainCut, testing::ValuesIn(cases_where(can_be_cut)), kName);
INSTANTIATE_TEST_SUITE_P(Session, InTlsCut, testing::ValuesIn(cases_where([](const Case& each) {
                           return can_be_cut(each) && is_replayed_in_tls(each);
                         })),
                         kName);

}  // namespace
}  // namespace postern::smtpd::dialogue

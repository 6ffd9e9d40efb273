// Every case over a socket against the real server: in plain text and after STARTTLS, in one piece
// and byte by byte. After each, what is in the queue is what the case says, and the next session is
// served.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "tests/dialogue/next_session.hpp"
#include "tests/dialogue/socket_line.hpp"
#include "tests/dialogue/world.hpp"

namespace postern::smtpd::dialogue {

void PrintTo(const Case& each, std::ostream* out);

namespace {

// Larger ones would only cost time: byte by byte they are replayed against the session.
constexpr std::size_t kByteByByteBytes = 2000;

// How many may wait at the same time.
constexpr std::size_t kWaiting = 24;

testing::AssertionResult replay_on_wire(const Case& each, bool in_tls, Cut cut) {
  World world(each, in_tls);
  SocketLine line(world.port());
  if (each.start() == Start::connect) {
    // Before there is anybody to greet: no race.
    if (each.tls() == config::ListenerTls::none) line.send(each.steps.at(0).spoken);
    world.open();
  } else {
    world.open();
  }
  if (each.tls() == config::ListenerTls::implicit) line.encrypt();
  const Case& as_heard = in_tls ? with_starttls(each) : each;
  if (const auto played = Replay(as_heard, line, in_tls, cut).run(); !played) return played;
  line.hang_up();
  if (const auto served = next_session_is_served(world, each, in_tls); !served) return served;
  std::vector<Transaction> queued = world.queued();
  queued.pop_back();  // the next session's
  if (to_text(queued) == to_text(each.queued)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected in the queue:\n"
                                     << to_text(each.queued) << "found:\n"
                                     << to_text(queued);
}

// Who is kept waiting, by the greeting of strangers or on purpose, does not use the machine.
bool is_kept_waiting(const Case& each) {
  return each.has("untrusted") || std::ranges::any_of(each.steps, [](const Step& step) {
           return step.answer.find("-- pause") != std::string::npos;
         });
}

/// All of `cases` that are kept waiting, at the same time; by name.
std::map<std::string, testing::AssertionResult> replay_together(const std::vector<Case>& cases,
                                                                bool in_tls, Cut cut) {
  std::map<std::string, testing::AssertionResult> results;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < cases.size(); i = next++) {
      if (!is_kept_waiting(cases[i])) continue;
      auto result = replay_on_wire(cases[i], in_tls, cut);
      const std::lock_guard lock(mutex);
      results.emplace(cases[i].name(), std::move(result));
    }
  };
  std::vector<std::thread> threads(kWaiting);
  for (std::thread& thread : threads) thread = std::thread(work);
  for (std::thread& thread : threads) thread.join();
  return results;
}

bool can_be_cut(const Case& each) {
  return !each.has("whole") && each.start() != Start::connect &&
         each.spoken_bytes() <= kByteByByteBytes;
}

bool can_be_cut_in_tls(const Case& each) {
  return can_be_cut(each) && is_replayed_in_tls(each);
}

/// A way to replay cases.
template <bool in_tls, bool byte_by_byte>
class Wire : public testing::TestWithParam<Case> {
 public:
  static std::vector<Case> cases() {
    if (byte_by_byte) return cases_where(in_tls ? can_be_cut_in_tls : can_be_cut);
    return in_tls ? cases_where(is_replayed_in_tls) : all_cases();
  }

 protected:
  void check() {
    static constexpr Cut kCut{.everywhere = byte_by_byte};
    if (!is_kept_waiting(GetParam())) {
      EXPECT_TRUE(replay_on_wire(GetParam(), in_tls, kCut));
      return;
    }
    static const auto results = replay_together(cases(), in_tls, kCut);
    EXPECT_TRUE(results.at(GetParam().name()));
  }
};

using WirePlain = Wire<false, false>;
using WireInTls = Wire<true, false>;
using WirePlainByteByByte = Wire<false, true>;
using WireInTlsByteByByte = Wire<true, true>;

TEST_P(WirePlain, IsAnsweredAsWritten) {
  check();
}
TEST_P(WireInTls, IsAnsweredAsWritten) {
  check();
}
TEST_P(WirePlainByteByByte, IsAnsweredAsWritten) {
  check();
}
TEST_P(WireInTlsByteByByte, IsAnsweredAsWritten) {
  check();
}

const auto kName = [](const auto& each) { return each.param.name(); };
INSTANTIATE_TEST_SUITE_P(Socket, WirePlain, testing::ValuesIn(WirePlain::cases()), kName);
INSTANTIATE_TEST_SUITE_P(Socket, WireInTls, testing::ValuesIn(WireInTls::cases()), kName);
INSTANTIATE_TEST_SUITE_P(Socket, WirePlainByteByByte,
                         testing::ValuesIn(WirePlainByteByByte::cases()), kName);
INSTANTIATE_TEST_SUITE_P(Socket, WireInTlsByteByByte,
                         testing::ValuesIn(WireInTlsByteByByte::cases()), kName);

}  // namespace
}  // namespace postern::smtpd::dialogue

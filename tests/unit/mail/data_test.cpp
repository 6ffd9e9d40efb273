// DATA framing and command lines: exact content, exact ends, whatever the cuts.
#include "mail/data.hpp"

#include <gtest/gtest.h>

#include "mail/line.hpp"

namespace postern::mail {
namespace {

using namespace std::string_literals;

struct Framed {
  std::string content;
  std::size_t taken = 0;
  bool done = false;
  FramingFault fault{};
  friend bool operator==(const Framed&, const Framed&) = default;
};

void PrintTo(const Framed& framed, std::ostream* out) {
  *out << testing::PrintToString(framed.content) << " taken " << framed.taken << " done "
       << framed.done << " fault " << static_cast<int>(framed.fault);
}

Framed frame(std::string_view wire, std::size_t first, std::size_t second) {
  DataFraming framing;
  Framed framed;
  for (const std::string_view piece :
       {wire.substr(0, first), wire.substr(first, second - first), wire.substr(second)}) {
    framed.taken += framing.take(piece, &framed.content);
    if (framing.done()) break;
  }
  framed.done = framing.done();
  framed.fault = framing.fault();
  return framed;
}

struct Row {
  std::string wire;
  std::string content;
  FramingFault fault = FramingFault::none;
};

TEST(DataFraming, EndsAtTheOnlyEndThereIs) {
  const std::vector<Row> rows = {
      {".\r\n", ""},
      {"\r\n.\r\n", "\r\n"},
      {"a\r\n.\r\n", "a\r\n"},
      {"..\r\n.\r\n", ".\r\n"},
      {"...\r\n.\r\n", "..\r\n"},
      {".a\r\n.\r\n", "a\r\n"},
      {"a.\r\n.\r\n", "a.\r\n"},
      {"a\r\n..\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"},
      {"a\r\n\r\n..\r\n..b\r\n.\r\n", "a\r\n\r\n.\r\n.b\r\n"},
  };
  for (const Row& row : rows) {
    const std::string wire = row.wire + "QUIT\r\n";
    const Framed expected{row.content, row.wire.size(), true, FramingFault::none};
    for (std::size_t first = 0; first <= wire.size(); ++first)
      for (std::size_t second = first; second <= wire.size(); ++second)
        ASSERT_EQ(frame(wire, first, second), expected) << testing::PrintToString(wire);
  }
}

TEST(DataFraming, GoesOnToTheRealEndAfterAFault) {
  const std::vector<Row> rows = {
      {"a\n.\n", "", FramingFault::bare_lf},         {"a\n.\r", "", FramingFault::bare_cr},
      {"a\r.\n", "", FramingFault::bare_cr},         {"a\r.\r", "", FramingFault::bare_cr},
      {"a\n.\r\n", "", FramingFault::bare_lf},       {"a\r.\r\n", "", FramingFault::bare_cr},
      {"a\r\n.\n", "", FramingFault::bare_lf},       {"a\r\n.\r", "", FramingFault::bare_cr},
      {"a\r\r\n.\r\r\n", "", FramingFault::bare_cr}, {"a\r\n\0.\r\n"s, "", FramingFault::nul},
      {"a\r\n.\0\r\n"s, "", FramingFault::nul},      {"\n", "", FramingFault::bare_lf},
  };
  for (const Row& row : rows) {
    const std::string wire = row.wire + "x\r\n.\r\nQUIT\r\n";
    const Framed whole = frame(wire, wire.size(), wire.size());
    EXPECT_EQ(whole.fault, row.fault) << testing::PrintToString(wire);
    EXPECT_TRUE(whole.done);
    EXPECT_EQ(whole.taken, wire.size() - 6);
    for (std::size_t first = 0; first <= wire.size(); ++first)
      for (std::size_t second = first; second <= wire.size(); ++second)
        ASSERT_EQ(frame(wire, first, second), whole) << testing::PrintToString(wire);
  }
}

TEST(DataFraming, TakesLinesUpTo64KiB) {
  const std::string longest = std::string(DataFraming::kMaxLineBytes - 1, 'x') + "\r\n.\r\n";
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{10}, longest.size() - 5, longest.size() - 4}) {
    EXPECT_EQ(frame(longest, cut, cut).fault, FramingFault::none) << cut;
    EXPECT_EQ(frame("x" + longest, cut + 1, cut + 1).fault, FramingFault::long_line) << cut;
  }
}

TEST(DataFraming, WithoutOutputFindsTheSameEnd) {
  DataFraming framing;
  EXPECT_EQ(framing.take("a\r\n..\r\n.\r\nNOOP\r\n", nullptr), 10U);
  EXPECT_TRUE(framing.done());
}

// Searching for the same far line end from every CR would be quadratic: hours, not milliseconds.
TEST(DataFraming, IsLinearInBareCarriageReturns) {
  const std::string wire(16 << 20, '\r');
  DataFraming framing;
  std::string content;
  EXPECT_EQ(framing.take(wire, &content), wire.size());
  EXPECT_EQ(framing.fault(), FramingFault::bare_cr);
}

TEST(LineFraming, CutsAtCrLfOnly) {
  using Found = LineFraming::Found;
  const std::string wire = "NOOP\r\nQUIT\r\n";
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    LineFraming framing;
    std::vector<std::string> lines;
    for (std::string_view piece :
         {std::string_view(wire).substr(0, cut), std::string_view(wire).substr(cut)}) {
      while (!piece.empty()) {
        std::size_t taken = 0;
        if (framing.take(piece, taken) == Found::line) lines.emplace_back(framing.line());
        piece.remove_prefix(taken);
      }
    }
    EXPECT_EQ(lines, (std::vector<std::string>{"NOOP", "QUIT"})) << cut;
  }
}

TEST(LineFraming, CallsABareCrOrLfBroken) {
  using Found = LineFraming::Found;
  for (const std::string text : {"NOOP\n", "\n", "NO\rOP\r\n", "NOOP\r\r\n", "\r\r\n"}) {
    LineFraming framing;
    std::size_t taken = 0;
    EXPECT_EQ(framing.take(text, taken), Found::broken) << testing::PrintToString(text);
    EXPECT_EQ(taken, text.size());
  }
}

TEST(LineFraming, KeepsNoMoreThanTheLongestCommandHas) {
  using Found = LineFraming::Found;
  constexpr std::size_t kMost = LineFraming::kMaxKeptBytes;
  const std::string wire = std::string(60'000, 'x') + "\r\n";
  for (const std::size_t length : {kMost - 2, kMost - 1, kMost, kMost + 1, wire.size() - 2})
    for (const std::size_t cut : {std::size_t{1}, kMost - 1, kMost, length + 1, length + 2}) {
      const std::string_view line = std::string_view(wire).substr(wire.size() - 2 - length);
      LineFraming framing;
      std::size_t taken = 0;
      const Found first = framing.take(line.substr(0, cut), taken);
      const Found last = cut < line.size() ? framing.take(line.substr(cut), taken) : first;
      EXPECT_EQ(last, Found::line);
      EXPECT_EQ(framing.line(), line.substr(0, std::min(length, kMost))) << length << ' ' << cut;
      EXPECT_TRUE(framing.at_line_start());
    }
}

TEST(LineFraming, LooksForStrayCrsInWhatItDoesNotKeep) {
  LineFraming framing;
  std::size_t taken = 0;
  EXPECT_EQ(framing.take(std::string(40'000, 'x'), taken), LineFraming::Found::nothing);
  EXPECT_FALSE(framing.at_line_start());
  EXPECT_EQ(framing.take("\r", taken), LineFraming::Found::nothing);
  EXPECT_EQ(framing.take("x\r\n", taken), LineFraming::Found::broken);
}

TEST(LineFraming, GivesUpAfter64KiB) {
  using Found = LineFraming::Found;
  const std::string longest = std::string(LineFraming::kMaxLineBytes - 2, 'x') + "\r\n";
  std::size_t taken = 0;
  EXPECT_EQ(LineFraming().take(longest, taken), Found::line);
  EXPECT_EQ(LineFraming().take("x" + longest, taken), Found::endless);
  LineFraming framing;
  EXPECT_EQ(framing.take(std::string(60'000, 'x'), taken), Found::nothing);
  EXPECT_EQ(framing.take(std::string(6'000, 'x'), taken), Found::endless);
}

}  // namespace
}  // namespace postern::mail

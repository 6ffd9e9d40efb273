#include "core/text.hpp"

#include <gmock/gmock.h>

namespace postern {
namespace {

using ::testing::ElementsAre;

TEST(Text, LowersAsciiOnly) {
  EXPECT_EQ(to_lower("AZaz09[\xC3\x9C"), "azaz09[\xC3\x9C");
}

TEST(Text, ComparesWithoutCase) {
  EXPECT_TRUE(iequals("Message-ID", "message-id"));
  EXPECT_FALSE(iequals("Message-ID", "message-i"));
  EXPECT_FALSE(iequals("@", "`")) << "differ in the bit that case is";
  EXPECT_TRUE(istarts_with("STARTTLS now", "starttls"));
  EXPECT_FALSE(istarts_with("START", "starttls"));
}

TEST(Text, FindsWithoutCase) {
  EXPECT_EQ(ifind("Domain X is Not Allowed", "not allowed"), 12U);
  EXPECT_EQ(ifind("abc", "d"), std::string_view::npos);
  EXPECT_EQ(ifind("abc", ""), 0U);
  EXPECT_EQ(ifind("", ""), 0U);
  EXPECT_EQ(ifind("", "a"), std::string_view::npos);
}

TEST(Text, TrimsBlanksAndLineEnds) {
  EXPECT_EQ(trim(" \t\r\na b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\va\v"), "\va\v");
}

TEST(Text, SplitsKeepingEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split("abc", ','), ElementsAre("abc"));
}

TEST(Text, ReadsNumbersThatFillTheText) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("007"), 7U);
  EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615ULL);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616", "1e3"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Escape, LeavesReadableTextAlone) {
  EXPECT_EQ(escape("250 2.0.0 Ok: queued <a@b.c> \"q\""), "250 2.0.0 Ok: queued <a@b.c> \"q\"");
  EXPECT_EQ(escape("Gr\xC3\xBC\xC3\x9F\x65 \xE2\x82\xAC \xF0\x9F\x93\xAE"),
            "Gr\xC3\xBC\xC3\x9F\x65 \xE2\x82\xAC \xF0\x9F\x93\xAE");
  EXPECT_EQ(escape(""), "");
}

TEST(Escape, DisarmsControlCharacters) {
  EXPECT_EQ(escape("a\r\nb\tc"), "a\\x0d\\x0ab\\x09c");
  EXPECT_EQ(escape(std::string_view("\0\x1B[31m\x7F", 7)), "\\x00\\x1b[31m\\x7f");
  EXPECT_EQ(escape("\xC2\x9B"), "\\xc2\\x9b") << "C1's CSI";
}

TEST(Escape, DoublesTheBackslash) {
  EXPECT_EQ(escape("a\\x00b"), "a\\\\x00b");
}

TEST(Escape, DisarmsWhatIsNotUtf8) {
  EXPECT_EQ(escape("\xFC"), "\\xfc") << "Latin-1";
  EXPECT_EQ(escape("\x80"), "\\x80") << "continuation alone";
  EXPECT_EQ(escape("\xC0\xAF"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(escape("\xE0\x80\xAF"), "\\xe0\\x80\\xaf") << "overlong";
  EXPECT_EQ(escape("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(escape("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond U+10FFFF";
  EXPECT_EQ(escape("\xE2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(escape("\xE2\x82z"), "\\xe2\\x82z");
}

TEST(Escape, CutsAtTheLimitBetweenCharacters) {
  EXPECT_EQ(escape("abcdef", 3), "abc...");
  EXPECT_EQ(escape("abc", 3), "abc");
  EXPECT_EQ(escape("\xE2\x82\xAC\xE2\x82\xAC", 4), "\xE2\x82\xAC\xE2\x82\xAC");
  EXPECT_EQ(escape("\xE2\x82\xAC\xE2\x82\xAC!", 4), "\xE2\x82\xAC\xE2\x82\xAC...");
  EXPECT_LE(escape(std::string(100'000, '\x01')).size(), 1007U);
}

}  // namespace
}  // namespace postern

#include "mail/xtext.hpp"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

TEST(Xtext, StandsForBytes) {
  EXPECT_EQ(from_xtext(""), "");
  EXPECT_EQ(from_xtext("a+2Bb+3Dc+00"), std::string("a+b=c\0", 6));
  EXPECT_EQ(from_xtext("+7E~"), "~~");
  for (const char* text : {"+", "+4", "+4g", "+4a", "a=b", "a b", "\x7F", "\xC3\xA9"})
    EXPECT_EQ(from_xtext(text), std::nullopt) << text;
}

TEST(OriginalRecipient, IsShownDecoded) {
  EXPECT_EQ(to_original_recipient_field("rfc822;a+2Bb@x.example", false), "rfc822; a+b@x.example");
  EXPECT_EQ(to_original_recipient_field("x400;nonsense", false), "x400; nonsense");
}

TEST(OriginalRecipient, KeepsUtf8OnlyWhereTheReportHasIt) {
  EXPECT_EQ(to_original_recipient_field("utf-8;\xC3\xA9l@x.example", true),
            "utf-8; \xC3\xA9l@x.example");
  EXPECT_EQ(to_original_recipient_field("utf-8;\xC3\xA9l@x.example", false),
            "utf-8; \\x{E9}l@x.example");
  EXPECT_EQ(to_original_recipient_field("utf-8;\\x{E9}l@x.example", true),
            "utf-8; \xC3\xA9l@x.example");
  EXPECT_EQ(to_original_recipient_field("utf-8;\\x{1F600}@x.example", false),
            "utf-8; \\x{1F600}@x.example");
}

}  // namespace
}  // namespace postern::mail

// The path grammar of RFC 5321 section 4.1.2, rule by rule.
#include "mail/address.hpp"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

struct Good {
  std::string text;
  std::string address;
};

TEST(Path, KeepsTheAddressAsWritten) {
  const std::string longest_local(64, 'l');
  const std::vector<Good> rows = {
      {"<>", ""},
      {"<a@b>", "a@b"},
      {"<Mixed.Case@Example.ORG>", "Mixed.Case@Example.ORG"},
      {"<Postmaster>", "Postmaster"},
      {"<postMASTER>", "postMASTER"},
      {"<postmaster@b.c>", "postmaster@b.c"},
      {"<@a,@b.c:u@d>", "u@d"},
      {"<a!b%c@d>", "a!b%c@d"},
      {"<\"\"@d>", "\"\"@d"},
      {"<\"a b\"@d>", "\"a b\"@d"},
      {"<\"x@a y\"@b>", "\"x@a y\"@b"},
      {"<\"a>\\\"\\\\\"@d>", "\"a>\\\"\\\\\"@d"},
      {"<a@[192.0.2.1]>", "a@[192.0.2.1]"},
      {"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"},
      {"<a@my_host.example>", "a@my_host.example"},
      {"<" + longest_local + "@d>", longest_local + "@d"},
      {"<j\u00fcrgen@\u4f8b\u3048.jp>", "j\u00fcrgen@\u4f8b\u3048.jp"},
  };
  for (const Good& row : rows) {
    const std::string text = row.text + " rest";
    const auto path = parse_path(text);
    ASSERT_TRUE(path) << row.text;
    EXPECT_EQ(path->address, row.address);
    EXPECT_EQ(path->length, row.text.size());
  }
}

TEST(Path, RefusesWhatIsNoAddress) {
  for (const std::string text :
       {"",          "a@b",          "<",          "<a",          "<a@b",
        "<a@>",      "<@b>",         "<a>",        "<a@b@c>",     "<a..b@c>",
        "<.a@c>",    "<a.@c>",       "<a@.c>",     "<a@c.>",      "<a@c..d>",
        "<a@-c>",    "<a@c->",       "<a b@c>",    "< a@b>",      "<a@b >",
        "<a@b(c)d>", "<a(c)@b>",     "<a@b,c@d>",  "<a@[1.2.3]>", "<a@[IPv6:1.2.3.4]>",
        "<a@[x:y]>", "<a@[1.2.3.4>", "<@a:>",      "<@a,b:u@d>",  "<@:u@d>",
        "<@a u@d>",  "<\"a\"b@c>",   "<a\"b\"@c>", "<a\x01@b>",   "<a@b\x7f>"})
    EXPECT_EQ(parse_path(text).error(), AddressFault::syntax) << text;
}

TEST(Path, RefusesBytesThatAreNoUtf8) {
  for (const std::string text : {"<a\xff@b>", "<a@b\xc3>", "<\"\xc0\x80\"@b>", "<a\xc2\x85@b>"})
    EXPECT_EQ(parse_path(text).error(), AddressFault::syntax) << text;
}

TEST(Path, LiteralDoesNotEndAtANul) {
  const std::string text("<a@[192.0.2.1\0x]>", 17);
  EXPECT_EQ(parse_path(text).error(), AddressFault::syntax);
}

TEST(Path, NoticesQuotesThatDoNotEnd) {
  for (const std::string& text :
       {std::string("<\"a@b>"), std::string("<\"a\\\"@b>"), std::string("<\"a\\"),
        std::string("<\"a\0\"@b>", 8), std::string("<\"a\\\0\"@b>", 9)})
    EXPECT_EQ(parse_path(text).error(), AddressFault::open_quote) << text;
}

TEST(Path, HasThreeLimits) {
  const std::string label(63, 'd');
  const std::string domain = label + "." + label + "." + label;  // 191
  EXPECT_EQ(parse_path("<" + std::string(65, 'l') + "@d>").error(), AddressFault::too_long);
  EXPECT_EQ(parse_path("<a@" + std::string(64, 'd') + ">").error(), AddressFault::too_long);
  EXPECT_EQ(parse_path("<a@" + domain + "." + label + ".d>").error(), AddressFault::too_long);
  EXPECT_TRUE(parse_path("<" + std::string(62, 'l') + "@" + domain + ">"));  // 256
  EXPECT_EQ(parse_path("<" + std::string(63, 'l') + "@" + domain + ">").error(),
            AddressFault::too_long);
}

TEST(Path, KnowsLiteralsAndNonAscii) {
  EXPECT_TRUE(parse_path("<a@[192.0.2.1]>")->is_literal);
  EXPECT_FALSE(parse_path("<a@b>")->is_literal);
  EXPECT_TRUE(parse_path("<\u00e4@b>")->is_utf8);
  EXPECT_FALSE(parse_path("<a@b>")->is_utf8);
}

TEST(Address, FillsItsText) {
  EXPECT_TRUE(parse_address("a@b"));
  EXPECT_FALSE(parse_address("a@b>"));
  EXPECT_FALSE(parse_address("Postmaster"));
  EXPECT_FALSE(parse_address(""));
}

TEST(DomainOf, IsWhatFollowsTheLastAtInLowerCase) {
  EXPECT_EQ(domain_of("A@B.Example"), "b.example");
  EXPECT_EQ(domain_of("\"x@a y\"@B"), "b");
  EXPECT_EQ(domain_of(""), "");
  EXPECT_EQ(domain_of("Postmaster"), "");
}

}  // namespace
}  // namespace postern::mail

// Who gets the mail: every mailbox of a list, and nobody by mistake.
#include "mail/mailboxes.hpp"

#include <gmock/gmock.h>

#include "tests/support/growth.hpp"

namespace postern::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The addresses, or what is wrong.
std::vector<std::string> addresses(std::string_view value) {
  const auto mailboxes = parse_mailboxes(value);
  if (!mailboxes) return {"error: " + mailboxes.error().what};
  std::vector<std::string> found;
  for (const Mailbox& mailbox : *mailboxes) found.push_back(mailbox.address);
  return found;
}

TEST(Mailboxes, AreFoundWithAndWithoutNames) {
  EXPECT_THAT(addresses(" a@one.example"), ElementsAre("a@one.example"));
  EXPECT_THAT(addresses(" Ann Lee <a@one.example>,\r\n\t\"B, C\" <b@two.example>, c@x"),
              ElementsAre("a@one.example", "b@two.example", "c@x"));
  EXPECT_THAT(addresses("<a@one.example>"), ElementsAre("a@one.example"));
  EXPECT_THAT(addresses("a@one.example <b@two.example>"), ElementsAre("b@two.example"));
}

TEST(Mailboxes, MayLackADomain) {
  EXPECT_THAT(addresses("root, Joe <joe>"), ElementsAre("root", "joe"));
}

TEST(Mailboxes, LoseCommentsAndFolds) {
  EXPECT_THAT(addresses("(is (it) \\) me) a(x)@(y)one.example (done)"),
              ElementsAre("a@one.example"));
  EXPECT_THAT(addresses("a .\r\n b @ one . example"), ElementsAre("a.b@one.example"));
}

TEST(Mailboxes, KeepQuotedLocalPartsAndLiterals) {
  EXPECT_THAT(addresses("\"a, b\"@one.example, c@[IPv6:2001:db8::1]"),
              ElementsAre("\"a, b\"@one.example", "c@[IPv6:2001:db8::1]"));
  EXPECT_THAT(addresses("\"a\\\" <x@y>\"@one.example"), ElementsAre("\"a\\\" <x@y>\"@one.example"));
}

TEST(Mailboxes, OfGroupsAndRoutes) {
  EXPECT_THAT(addresses("Team: a@x, B <b@y>;, c@z"), ElementsAre("a@x", "b@y", "c@z"));
  EXPECT_THAT(addresses("undisclosed-recipients:;"), IsEmpty());
  EXPECT_THAT(addresses("<@relay.example,@other.example:a@x>"), ElementsAre("a@x"));
}

TEST(Mailboxes, OfEmptyPlacesAreNobodys) {
  EXPECT_THAT(addresses(""), IsEmpty());
  EXPECT_THAT(addresses(" , a@x, (nobody) ,;\r\n "), ElementsAre("a@x"));
}

TEST(Mailboxes, AreRefusedWhereTheirListIsUnclear) {
  for (const auto& [list, what] : {
           std::pair{"\"a <b@x>", "has a quoted string that does not end"},
           std::pair{"a@x (b@y", "has a comment that does not end"},
           std::pair{"a@[192.0.2.1", "has a domain in brackets that does not end"},
           std::pair{"A <a@x", "has a \"<\" without its \">\""},
           std::pair{"A <a@x, b@y>", "has a \"<\" without its \">\""},
           std::pair{"a@x>", "has a \">\" without its \"<\""},
           std::pair{"<a@x> <b@y>", "has something between one address and the next"},
           std::pair{"<a@x> b@y", "has something between one address and the next"},
           std::pair{"<a@x>: b@y", "has a \":\" where none belongs"},
           std::pair{"<a:b@x>", "has a \":\" where none belongs"},
           std::pair{"a@x b@y", "has words where an address should be"},
           std::pair{"Joe Smith", "has words where an address should be"},
           std::pair{"<>", "has an empty address"},
       })
    EXPECT_THAT(addresses(list), ElementsAre(std::string("error: ") + what)) << list;
}

TEST(Mailboxes, SayWhereTheyEnd) {
  const std::string_view list = " root (me), Joe <joe >, a@x";
  const auto mailboxes = parse_mailboxes(list);
  ASSERT_TRUE(mailboxes);
  std::vector<std::string_view> heads;
  for (const Mailbox& mailbox : *mailboxes) heads.push_back(list.substr(0, mailbox.end));
  EXPECT_THAT(heads, ElementsAre(" root", " root (me), Joe <joe", list));
}

TEST(Mailboxes, TakeTimeInProportion) {
  const auto work = [](std::size_t size) {
    EXPECT_FALSE(parse_mailboxes(std::string(size, '(')));
    EXPECT_TRUE(parse_mailboxes(std::string(size, ',')));
    EXPECT_TRUE(parse_mailboxes(std::string(size, 'a')));
  };
  EXPECT_LT(tests::growth_at_four_times(100'000, work), tests::kStillLinear);
}

}  // namespace
}  // namespace postern::mail

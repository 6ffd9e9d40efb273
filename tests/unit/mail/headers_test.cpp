// Header blocks: ends, faults, facts; and the domain of an author however From is written.
#include "mail/headers.hpp"

#include <gtest/gtest.h>

#include "mail/author.hpp"
#include "tests/support/growth.hpp"

namespace postern::mail {
namespace {

TEST(HeaderEnd, IsAfterTheFirstEmptyLine) {
  EXPECT_EQ(find_header_end("A: b\r\n\r\nbody\r\n\r\n"), 8U);
  EXPECT_EQ(find_header_end("\r\nbody"), 2U);
  EXPECT_EQ(find_header_end("A: b\r\n \r\nc"), std::nullopt);
  EXPECT_EQ(find_header_end("A: b\r\n"), std::nullopt);
  EXPECT_EQ(find_header_end(""), std::nullopt);
}

TEST(HeaderEnd, IsFoundAcrossGrowth) {
  const std::string text = "A: b\r\nC: d\r\n\r\nbody";
  for (std::size_t before = 0; before < 14; ++before)
    EXPECT_EQ(find_header_end(text, before), 14U) << before;
}

TEST(Headers, AreTakenOneByOneWithTheirFolds) {
  std::string_view header = "A: b\r\n c\r\n\td\r\nE:f\r\n";
  const auto first = take_field(header);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->name, "A");
  EXPECT_EQ(first->value, " b\r\n c\r\n\td");
  EXPECT_EQ(first->raw, "A: b\r\n c\r\n\td\r\n");
  EXPECT_EQ(take_field(header)->value, "f");
  EXPECT_TRUE(header.empty());
}

HeaderFault fault_of(const std::string& header) {
  return inspect_header(header).error();
}

TEST(Headers, RefusesWhatIsNoField) {
  EXPECT_EQ(fault_of("From: a@b\r\nno colon\r\n"), HeaderFault::name);
  EXPECT_EQ(fault_of("From : a@b\r\n"), HeaderFault::name);
  EXPECT_EQ(fault_of("Fr om: a@b\r\n"), HeaderFault::name);
  EXPECT_EQ(fault_of("Fr\xc3\xb6m: a@b\r\n"), HeaderFault::name);
  EXPECT_EQ(fault_of(": a@b\r\n"), HeaderFault::name);
  EXPECT_EQ(fault_of(" From: a@b\r\n"), HeaderFault::leading_fold);
  EXPECT_EQ(fault_of("Subject: x\r\n"), HeaderFault::no_from);
  EXPECT_EQ(fault_of(""), HeaderFault::no_from);
  EXPECT_EQ(fault_of("From: a@b\r\nfrom: a@b\r\n"), HeaderFault::several_from);
}

TEST(Headers, FactsOfAnOrdinaryHeader) {
  const auto facts = inspect_header(
      "From: A <a@Product.com>\r\nMESSAGE-ID:\r\n <x@y>\r\ndate: now\r\nBcc: z@z\r\n q@q\r\nX: "
      "y\r\n\r\n");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->from_domain, "product.com");
  EXPECT_EQ(facts->message_id, "<x@y>");
  EXPECT_TRUE(facts->has_date);
  ASSERT_EQ(facts->removed.size(), 1U);
  EXPECT_EQ(facts->removed[0], "Bcc: z@z\r\n q@q\r\n");
}

TEST(Headers, KeepsEveryByteOfTheOtherFields) {
  const std::string header =
      "bcc:x\r\nFrom: a@b\r\nReturn-Path: <x>\r\nReturn-Path: <y>\r\nX-Mailgun-Tag: t\r\n odd "
      "\r\nZ:  z \r\nBCC: end\r\n\r\n";
  const auto facts = inspect_header(header);
  ASSERT_TRUE(facts);
  std::string kept = "Received: us\r\n";
  append_kept_fields(kept, header, *facts);
  EXPECT_EQ(kept, "Received: us\r\nFrom: a@b\r\nZ:  z \r\n\r\n");
}

TEST(Headers, MessageIdThatIsNoneIsNotTaken) {
  EXPECT_EQ(inspect_header("From: a@b\r\nMessage-ID: plain\r\n")->message_id, "");
  EXPECT_TRUE(inspect_header("From: a@b\r\nMessage-ID: plain\r\n")->has_message_id);
  EXPECT_EQ(inspect_header("From: a@b\r\nMessage-ID: <a\r\n b@c>\r\n")->message_id, "");
  EXPECT_EQ(inspect_header("From: a@b\r\nMessage-ID: <>\r\n")->message_id, "");
  EXPECT_FALSE(inspect_header("From: a@b\r\nMessage-ID:  \r\n")->has_message_id);
  EXPECT_EQ(inspect_header("From: a@b\r\nMessage-ID: <1@x>\r\nMessage-ID: <2@x>\r\n")->message_id,
            "<1@x>");
}

TEST(Author, DomainHoweverFromIsWritten) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {" a@b.example", "b.example"},
      {" A B <a@B.Example>", "b.example"},
      {" \"Doe, John\" <john@b>", "b"},
      {" Doe, John <john@b>", "b"},
      {" \"x@y\" <a@b>", "b"},
      {" (a@c) a@b (d@e)", "b"},
      {" a(c(d)\\)) @ (e) b . example", "b.example"},
      {"\r\n\tA\r\n <a@b>", "b"},
      {" =?UTF-8?Q?a=40b?= <a@c>", "c"},
      {" a@b, c@d", "b"},
      {" group: a@b, c@d;", "b"},
      {" <@r,@s:a@b>", "b"},
      {" \"q@uote\"@b", "b"},
      {" J\xc3\xbcrgen <a@b>", "b"},
      {" <user@good(x)evil>", ""},
      {" a@good evil", ""},
      {" nobody", ""},
      {" <>", ""},
      {" <a@>", ""},
      {" <a@-b>", ""},
      {" <a@[192.0.2.1]>", ""},
      {" \"open <a@b>", ""},
      {" (open <a@b>", ""},
      {" <a@b" + std::string(1000, 'b') + ">", ""},
      {"", ""},
  };
  for (const auto& [value, domain] : rows) EXPECT_EQ(author_domain(value), domain) << value;
}

// The row of the hostile list: 100,000 nested comments cost no more than their bytes.
TEST(Author, NestedCommentsAndGroupsAreLinear) {
  const auto nest = [](std::size_t depth) {
    EXPECT_EQ(author_domain(std::string(depth, '(') + std::string(depth, ')') + "a@b"), "b");
    EXPECT_EQ(author_domain(std::string(depth, '(')), "");
    std::string groups;
    for (std::size_t i = 0; i < depth; ++i) groups += "g:";
    EXPECT_EQ(author_domain(groups + "a@b"), "b");
    EXPECT_EQ(author_domain(std::string(depth, ',') + std::string(depth, '<') + "a@b>"), "b");
    EXPECT_TRUE(inspect_header("From: a@b\r\nTo: " + std::string(depth, '(') + "\r\n"));
  };
  EXPECT_LT(tests::growth_at_four_times(25'000, nest), tests::kStillLinear);
}

int priority_of(const std::string& fields) {
  return inspect_header("From: a@b.example\r\n" + fields)->priority;
}

TEST(Headers, BulkMailIsLessUrgentUnlessItSaysMore) {
  EXPECT_EQ(priority_of(""), 0);
  for (const char* field : {"Precedence: bulk", "PRECEDENCE:  List ", "precedence: junk",
                            "List-Unsubscribe: <https://a.example/u>"})
    EXPECT_EQ(priority_of(field + std::string("\r\n")), kBulkPriority) << field;
  EXPECT_EQ(priority_of("Precedence: first-class\r\n"), 0);
  EXPECT_EQ(priority_of("List-Id: <a.example>\r\n"), 0);
  EXPECT_EQ(priority_of("Precedence: bulk\r\nMT-Priority: 0\r\n"), 0);
  EXPECT_EQ(priority_of("MT-Priority: 3\r\nPrecedence: bulk\r\n"), 3);
}

}  // namespace
}  // namespace postern::mail

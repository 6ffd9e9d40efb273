// Who a message says it is from, as far as permissions go: every address counts.
#include "mail/author.hpp"

#include <gmock/gmock.h>

#include "tests/support/growth.hpp"

namespace postern::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AuthorDomains, AreThoseOfEveryAddress) {
  EXPECT_THAT(author_domains(" a@one.example"), ElementsAre("one.example"));
  EXPECT_THAT(author_domains(" A <a@One.example>, b@two.example,\r\n\t\"C, D\" <c@three.example>"),
              ElementsAre("one.example", "two.example", "three.example"));
  EXPECT_THAT(author_domains(" Team: a@one.example, B <b@two.example>; , c@three.example"),
              ElementsAre("one.example", "two.example", "three.example"));
}

TEST(AuthorDomains, WhatLooksLikeOneInANameOrCommentIsNone) {
  EXPECT_THAT(author_domains(" \"me@evil.example\" <a@one.example> (you@evil.example)"),
              ElementsAre("one.example"));
  EXPECT_THAT(author_domains(" me@evil.example <a@one.example>"), ElementsAre("one.example"));
}

TEST(AuthorDomains, AnAddressWithoutADomainIsEmpty) {
  EXPECT_THAT(author_domains(" a@one.example, b@[192.0.2.1], <c@>"),
              ElementsAre("one.example", "", ""));
  EXPECT_THAT(author_domains(" <>"), ElementsAre(""));
}

TEST(AuthorDomains, WithoutAnAddressThereAreNone) {
  for (const char* value : {"", " ", " Team:;", " root", " \"a@b.example\""})
    EXPECT_THAT(author_domains(value), IsEmpty()) << value;
}

TEST(AuthorDomains, WhatDoesNotEndIsNoDomain) {
  EXPECT_THAT(author_domains(" a@one.example, \"<b@two.example>"), ElementsAre("one.example", ""));
  EXPECT_THAT(author_domains(" a@one.example (b@two.example"), ElementsAre(""));
  EXPECT_THAT(author_domains(" <a@one.example"), ElementsAre("one.example"));
}

TEST(AuthorDomains, AddressesRunTogetherAreNoDomain) {
  for (const char* value : {" a@evil.example b@one.example", " a@evil.example@one.example",
                            " <a@evil.example b@one.example>", " <a@evil.example,b@one.example>",
                            " <a@evil.example;b@one.example>", " <a@evil.example:b@one.example>",
                            " a@evil.example: b@one.example", " a@evil.example:"})
    EXPECT_THAT(author_domains(value), ElementsAre("")) << value;
  EXPECT_THAT(author_domains(" <@a.example,@b.example:c@one.example>, d@two.example"),
              ElementsAre("one.example", "two.example"));
}

TEST(AuthorDomains, NestingCostsNoMoreThanLength) {
  const auto nest = [](std::size_t depth) {
    EXPECT_THAT(author_domains(std::string(depth, '(') + "a@b.example"), ElementsAre(""));
  };
  EXPECT_LT(tests::growth_at_four_times(25'000, nest), tests::kStillLinear);
}

}  // namespace
}  // namespace postern::mail

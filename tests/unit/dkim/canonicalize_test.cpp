#include "dkim/canonicalize.hpp"

#include <gtest/gtest.h>

#include "core/crypto.hpp"
#include "mail/relaxed_body.hpp"

namespace postern::dkim {
namespace {

std::string relaxed_body_hash(std::string_view body) {
  mail::RelaxedBodyHash hash;
  hash.update(body);
  return crypto::to_base64(hash.finish());
}

// RFC 6376 section 3.4.5, example 1.
TEST(Canonicalize, RelaxesTheHeadersOfTheRfcsExample) {
  EXPECT_EQ(relaxed("A: X\r\n"), "a:X\r\n");
  EXPECT_EQ(relaxed("B : Y\t\r\n\tZ  \r\n"), "b:Y Z\r\n");
}

TEST(Canonicalize, RelaxesTheBodyOfTheRfcsExample) {
  EXPECT_EQ(relaxed_body_hash(" C \r\nD \t E\r\n\r\n\r\n"),
            crypto::to_base64(crypto::sha256(" C\r\nD E\r\n")));
}

// RFC 6376 section 3.4.5, example 2.
TEST(Canonicalize, KeepsTheBodyOfTheRfcsSimpleExample) {
  EXPECT_EQ(simple_body(" C \r\nD \t E\r\n\r\n\r\n"), " C \r\nD \t E\r\n");
  EXPECT_EQ(simple_body(""), "\r\n");
  EXPECT_EQ(simple_body("no line end"), "no line end\r\n");
}

// The value that RFC 6376 section 3.4.4 gives for SHA-256 of an empty body.
TEST(Canonicalize, HashesAnEmptyRelaxedBodyAsNothing) {
  EXPECT_EQ(relaxed_body_hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(relaxed_body_hash("\r\n\r\n"), relaxed_body_hash(""));
  EXPECT_EQ(relaxed_body_hash(" \r\n\t\r\n"), relaxed_body_hash(""));
}

TEST(Canonicalize, KeepsTheEndOfAFieldThatHasNone) {
  EXPECT_EQ(relaxed("DKIM-Signature: v=1;\r\n b="), "dkim-signature:v=1; b=");
}

TEST(Canonicalize, LowersOnlyTheName) {
  EXPECT_EQ(relaxed("X-A:Bc D\r\n"), "x-a:Bc D\r\n");
}

TEST(Canonicalize, PassesOddBytesOn) {
  EXPECT_EQ(relaxed("Subject: gr\xFC\xDF\r\n \x01x\r\n"), "subject:gr\xFC\xDF \x01x\r\n");
  EXPECT_EQ(relaxed("Subject: a\nb\rc\r\n"), "subject:a\nb\rc\r\n");
  EXPECT_EQ(relaxed("Subject:\r\n"), "subject:\r\n");
  EXPECT_EQ(relaxed("Subject: \r\n \r\n"), "subject:\r\n");
  EXPECT_EQ(relaxed("no colon\r\n"), "no colon\r\n");
  EXPECT_EQ(relaxed(""), "");
}

TEST(Canonicalize, SplitsFieldsAtLinesThatAreNoFold) {
  const auto fields =
      split_fields("A: 1\r\n 2\r\nB : 3\r\nnonsense\r\n\tfold\r\nC:\r\n\r\nD: body\r\n");
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].name, "A");
  EXPECT_EQ(fields[0].text, "A: 1\r\n 2\r\n");
  EXPECT_EQ(fields[1].name, "B");
  EXPECT_EQ(fields[2].text, "C:\r\n");
}

TEST(Canonicalize, SplitsFieldsWithoutAnEndingLine) {
  const auto fields = split_fields("A: 1\r\nB: 2");
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[1].text, "B: 2");
  EXPECT_TRUE(split_fields("").empty());
  EXPECT_TRUE(split_fields("\r\nbody: 1\r\n").empty());
}

}  // namespace
}  // namespace postern::dkim

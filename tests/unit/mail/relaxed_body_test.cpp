// The relaxed body hash against canonical forms written by hand (RFC 6376 section 3.4.4).
#include "mail/relaxed_body.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace postern::mail {
namespace {

std::string hash_of(std::string_view body) {
  RelaxedBodyHash hash;
  hash.update(body);
  return hash.finish();
}

struct Row {
  std::string body;
  std::string canonical;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"", ""},
      {"\r\n", ""},
      {"\r\n\r\n\r\n", ""},
      {" \t\r\n  \r\n", ""},
      {"   ", ""},
      {" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"},  // RFC 6376 section 3.4.5
      {"no line end", "no line end\r\n"},
      {"trailing space ", "trailing space\r\n"},
      {"\r\n\r\nleading empty lines\r\n", "\r\n\r\nleading empty lines\r\n"},
      {"a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
      {"a\r\n \t \r\n\t\r\nb", "a\r\n\r\n\r\nb\r\n"},
      {"a  b\t\tc \t d\r\n", "a b c d\r\n"},
      {"\ttab first\r\n  two\r\n", " tab first\r\n two\r\n"},
      {"a\rb\nc\r\n", "a\rb\nc\r\n"},
      {"a \rb \nc\r\r\n\r", "a \rb \nc\r\r\n\r\r\n"},
      {std::string("nul \0  \0\r\n", 10), std::string("nul \0 \0\r\n", 9)},
  };
  return kRows;
}

TEST(RelaxedBodyHash, HashesTheCanonicalForm) {
  for (const Row& row : rows())
    EXPECT_EQ(hash_of(row.body), crypto::sha256(row.canonical)) << row.body;
}

// The value every verifier knows: the hash of an empty body, RFC 6376 section 3.4.4.
TEST(RelaxedBodyHash, OfAnEmptyBodyIsTheWellKnownOne) {
  EXPECT_EQ(crypto::to_base64(hash_of("\r\n")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(RelaxedBodyHash, DoesNotDependOnTheCuts) {
  for (const Row& row : rows()) {
    for (std::size_t first = 0; first <= row.body.size(); ++first) {
      for (std::size_t second = first; second <= row.body.size(); ++second) {
        RelaxedBodyHash hash;
        hash.update(std::string_view(row.body).substr(0, first));
        hash.update(std::string_view(row.body).substr(first, second - first));
        hash.update(std::string_view(row.body).substr(second));
        EXPECT_EQ(hash.finish(), crypto::sha256(row.canonical))
            << row.body << first << ' ' << second;
      }
    }
  }
}

TEST(RelaxedBodyHash, DoesNotDependOnTheCutsOfRandomBodies) {
  std::mt19937 random(1);
  constexpr std::string_view kAlphabet = "ab \t\r\n";
  for (int round = 0; round < 2000; ++round) {
    std::string body;
    for (auto length = random() % 40; length > 0; --length)
      body += random() % 3 == 0 ? std::string("\r\n")
                                : std::string(1, kAlphabet[random() % kAlphabet.size()]);
    RelaxedBodyHash byte_by_byte;
    for (const char& c : body) byte_by_byte.update({&c, 1});
    ASSERT_EQ(byte_by_byte.finish(), hash_of(body)) << testing::PrintToString(body);
  }
}

}  // namespace
}  // namespace postern::mail

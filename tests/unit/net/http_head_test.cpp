#include "net/http_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::net {
namespace {

using Verdict = HeadCheck::Verdict;

const std::string kGood = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";

TEST(HttpHead, AcceptsAWholeHeadAndLeavesTheBody) {
  const HeadCheck check = check_head(kGood + "abc");
  EXPECT_EQ(check.verdict, Verdict::whole);
  EXPECT_EQ(check.bytes, kGood.size());
}

TEST(HttpHead, WaitsAtEveryByteBoundary) {
  for (std::size_t length = 0; length < kGood.size(); ++length)
    EXPECT_EQ(check_head(kGood.substr(0, length)).verdict, Verdict::partial) << length;
}

TEST(HttpHead, AcceptsHttp10WithoutHost) {
  EXPECT_EQ(check_head("GET / HTTP/1.0\r\n\r\n").verdict, Verdict::whole);
}

TEST(HttpHead, AcceptsChunkedInAnyCase) {
  EXPECT_EQ(check_head("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n").verdict,
            Verdict::whole);
}

struct Row {
  const char* name;
  std::string bytes;
};

std::string with(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

class MalformedHead : public ::testing::TestWithParam<Row> {};

TEST_P(MalformedHead, IsRefused) {
  EXPECT_EQ(check_head(GetParam().bytes).verdict, Verdict::malformed);
}

INSTANTIATE_TEST_SUITE_P(
    HttpHead, MalformedHead,
    ::testing::Values(
        Row{"LengthAndEncoding", with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
        Row{"EncodingAndLength", with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")},
        Row{"TwoLengths", with("Content-Length: 3\r\nContent-Length: 4\r\n")},
        Row{"TwoEqualLengths", with("Content-Length: 3\r\nContent-Length: 3\r\n")},
        Row{"LengthList", with("Content-Length: 3, 3\r\n")},
        Row{"LengthWithPlus", with("Content-Length: +5\r\n")},
        Row{"NegativeLength", with("Content-Length: -1\r\n")},
        Row{"LengthOverflow", with("Content-Length: 99999999999999999999\r\n")},
        Row{"EmptyLength", with("Content-Length:\r\n")},
        Row{"EncodingNotChunked", with("Transfer-Encoding: gzip, chunked\r\n")},
        Row{"TwoEncodings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        Row{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        Row{"FoldedLine", with("X: a\r\n b\r\n")}, Row{"FoldedWithTab", with("X: a\r\n\tb\r\n")},
        Row{"BareLineFeed", "GET / HTTP/1.1\nHost: a\n\n"},
        Row{"BareLineFeedInside", with("X: a\nY: b\r\n")},
        Row{"BareCarriageReturn", with("X: a\rY: b\r\n")},
        Row{"CarriageReturnTwice", with("X: a\r\r\n")},
        Row{"Nul", with(std::string("X: a\0b\r\n", 8))}, Row{"NoColon", with("nonsense\r\n")},
        Row{"NoHost", "GET / HTTP/1.1\r\nX: a\r\n\r\n"}, Row{"TwoHosts", with("Host: b\r\n")},
        Row{"LeadingEmptyLine", "\r\n" + kGood}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace postern::net

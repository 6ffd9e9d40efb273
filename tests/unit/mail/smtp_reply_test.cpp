// Replies in any pieces: one line, many, garbage, endless.
#include "mail/smtp_reply.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace postern::mail {
namespace {

using Found = SmtpReplyReader::Found;

// All replies in `bytes`, given in pieces of `piece` bytes; "garbage" where the reader gave up.
std::vector<std::string> read(std::string_view bytes, std::size_t piece = 1'000'000) {
  SmtpReplyReader reader;
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty()) {
      const Found found = reader.next(part);
      if (found == Found::garbage) {
        lines.emplace_back("garbage");
        return lines;
      }
      if (found == Found::reply) lines.push_back(reader.reply().to_line());
    }
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(SmtpReply, ReadsSingleAndMultiLineRepliesWhateverThePieces) {
  const std::string_view bytes =
      "220 mx.example ESMTP\r\n250-mx.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n354\r\n"
      "550-5.1.1 No such\n550 5.1.1 user\n";
  const Lines expected{"220 mx.example ESMTP", "250 mx.example PIPELINING SIZE 1000", "354 ",
                       "550 5.1.1 No such 5.1.1 user"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
    EXPECT_EQ(read(bytes, piece), expected) << "in pieces of " << piece;
}

TEST(SmtpReply, KeepsTheLinesOfTheEhloReplyApart) {
  SmtpReplyReader reader;
  std::string_view bytes = "250-a\r\n250-B C\r\n250 D\r\n";
  ASSERT_EQ(reader.next(bytes), Found::reply);
  EXPECT_EQ(reader.reply().text, "a\nB C\nD");
}

TEST(SmtpReply, WhatHasNoCodeIsGarbage) {
  for (const std::string_view bytes :
       {"hello\r\n", "HTTP/1.1 400 Bad Request\r\n", "2x0 ok\r\n", "25\r\n", "\r\n", "150 ok\r\n",
        "650 ok\r\n", "250ok\r\n", "2500 ok\r\n", "\x16\x03\x01\x02\n"})
    EXPECT_EQ(read(bytes), Lines{"garbage"}) << bytes;
}

TEST(SmtpReply, AReplyMayBeLongButNotEndless) {
  std::string lines;
  while (lines.size() < SmtpReplyReader::kMaxReplyBytes / 2)
    lines += "250-" + std::string(60, 'x') + "\r\n";
  const Lines kept = read(lines + "250 end\r\n", 4096);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_LT(kept[0].size(), SmtpReplyReader::kMaxTextBytes);
  EXPECT_EQ(read(lines + lines + lines, 4096), Lines{"garbage"});
  EXPECT_EQ(read(std::string(2 * SmtpReplyReader::kMaxReplyBytes, 'x'), 4096), Lines{"garbage"});
}

TEST(SmtpReply, WireTextIsEscaped) {
  EXPECT_EQ(read(std::string("550 \x1b[31mred\x07\r\n")), Lines{"550 \\x1b[31mred\\x07"});
}

}  // namespace
}  // namespace postern::mail

// What sendmail makes of its input: text, envelope, header.
#include "cli/letter.hpp"

#include <gmock/gmock.h>

#include "cli/failure.hpp"

namespace postern::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::uint64_t kNoLimit = 1 << 20;

std::string read(std::string_view input, bool dot_ends = true) {
  LetterInput whole(dot_ends, kNoLimit);
  whole.take(input);
  std::string text = std::move(whole).finish();
  LetterInput bytewise(dot_ends, kNoLimit);
  for (const char c : input) bytewise.take({&c, 1});
  EXPECT_EQ(std::move(bytewise).finish(), text) << "the pieces must not matter";
  return text;
}

TEST(LetterInput, EndsLinesWithCrlf) {
  EXPECT_EQ(read("A: b\n\nc\nd"), "A: b\r\n\r\nc\r\nd\r\n");
  EXPECT_EQ(read("A: b\r\n\r\nc\r\n"), "A: b\r\n\r\nc\r\n");
  EXPECT_EQ(read("A: b\r\r\n\nc"), "A: b\r\n\r\nc\r\n");
  EXPECT_EQ(read(""), "");
}

TEST(LetterInput, EndsLinesOfTheBodyAtACr) {
  EXPECT_EQ(read("A: b\n\n10%\r20%\r\r100%\ndone\r"), "A: b\r\n\r\n10%\r\n20%\r\n100%\r\ndone\r\n");
}

TEST(LetterInput, LetsNoCrBeginAHeaderField) {
  EXPECT_EQ(read("Subject: a\rBcc: victim@x\n\nb"), "Subject: a Bcc: victim@x\r\n\r\nb\r\n");
}

TEST(LetterInput, EndsAtALoneDot) {
  EXPECT_EQ(read("A: b\n\nc\n.\nd\n"), "A: b\r\n\r\nc\r\n");
  EXPECT_EQ(read("A: b\n\nc\r\n.\r\nd"), "A: b\r\n\r\nc\r\n");
  EXPECT_EQ(read("A: b\n\nc\n."), "A: b\r\n\r\nc\r\n");
  EXPECT_EQ(read("A: b\n\n..\n. \n.c\n"), "A: b\r\n\r\n..\r\n. \r\n.c\r\n");
}

TEST(LetterInput, GoesOnBehindALoneDotWhenToldTo) {
  EXPECT_EQ(read("A: b\n\nc\n.\nd\n", false), "A: b\r\n\r\nc\r\n.\r\nd\r\n");
}

TEST(LetterInput, KeepsEveryOtherByte) {
  const std::string eight_bit = "A: \xC3\xBC\r\n\r\n\xE9\xFF\x01\t \r\n";
  EXPECT_EQ(read(eight_bit), eight_bit);
}

TEST(LetterInput, StopsAtItsLimit) {
  LetterInput input(false, 10);
  input.take("0123456789");
  EXPECT_FALSE(input.is_too_large());
  input.take(std::string(100'000, 'x'));
  EXPECT_TRUE(input.is_too_large());
  EXPECT_LT(std::move(input).finish().size(), 20U);
}

class LetterTest : public ::testing::Test {
 protected:
  Letter write(const std::vector<std::string>& words, std::string_view input) {
    const auto options = parse_sendmail(words);
    EXPECT_TRUE(options) << options.error().what;
    return write_letter(*options, read(input), caller_);
  }
  /// The status and the sentence.
  std::string failure(const std::vector<std::string>& words, std::string_view input) {
    try {
      write(words, input);
    } catch (const Failure& failed) {
      return std::to_string(failed.status()) + ' ' + failed.what();
    }
    return "none";
  }

  Caller caller_{"jane", "Jane Doe", "host.example"};
};

TEST_F(LetterTest, KeepsAWholeMessage) {
  const std::string message =
      "From: A <a@x>\r\nTo: b@y\r\nSubject: \xC3\xBC\r\n folded\r\nX-Odd:  as it is \r\n\r\nHi\r\n";
  const Letter letter = write({"-f", "a@x", "b@y"}, message);
  EXPECT_EQ(letter.content, message);
  EXPECT_EQ(letter.sender, "a@x");
  EXPECT_THAT(letter.recipients, ElementsAre("b@y"));
  EXPECT_FALSE(letter.smtputf8);
}

TEST_F(LetterTest, IsFromItsCaller) {
  const Letter letter = write({"b@y"}, "Subject: s\n\nHi\n");
  EXPECT_EQ(letter.sender, "jane@host.example");
  EXPECT_EQ(letter.content, "Subject: s\r\nFrom: Jane Doe <jane@host.example>\r\n\r\nHi\r\n");
}

TEST_F(LetterTest, IsFromWhomItIsSaidToBe) {
  EXPECT_THAT(write({"-f", "shop@x", "-F", "The Shop", "b@y"}, "Hi\n").content,
              StartsWith("From: The Shop <shop@x>\r\n\r\nHi\r\n"));
  caller_.full_name.clear();
  EXPECT_THAT(write({"-f", "Shop <shop@x>", "b@y"}, "Hi\n").content,
              StartsWith("From: shop@x\r\n\r\n"));
  const Letter report = write({"-f", "<>", "b@y"}, "Hi\n");
  EXPECT_EQ(report.sender, "");
  EXPECT_THAT(report.content, StartsWith("From: jane@host.example\r\n\r\n"));
}

TEST_F(LetterTest, WritesNamesAsHeadersMayHaveThem) {
  EXPECT_THAT(write({"-F", "Dr. \"X\"", "b@y"}, "").content,
              StartsWith("From: \"Dr. \\\"X\\\"\" <jane@"));
  EXPECT_THAT(write({"-F", "J\xC3\xBCrgen", "b@y"}, "").content,
              StartsWith("From: =?UTF-8?B?SsO8cmdlbg==?= <jane@"));
  EXPECT_THAT(write({"-F", "X\r\nBcc: b@y", "b@y"}, "").content, Not(HasSubstr("\nBcc")));
}

TEST_F(LetterTest, SplitsLongNamesBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 40; ++i) name += "\xC3\xBC";
  EXPECT_THAT(
      write({"-F", "x" + name, "b@y"}, "").content,
      StartsWith("From: =?UTF-8?B?eMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8w7zDvMO8?="
                 "\r\n =?UTF-8?B?"));
}

TEST_F(LetterTest, ReadsRecipientsFromItsHeader) {
  const Letter letter = write({"-t", "d@y"}, "To: a@y, B <b@y>\nCc: c@y\nBcc: e@y, a@y\n\nHi\n");
  EXPECT_THAT(letter.recipients, ElementsAre("d@y", "a@y", "b@y", "c@y", "e@y"));
  EXPECT_THAT(write({"d@y"}, "To: a@y\n\nTo: b@y\n").recipients, ElementsAre("d@y"));
}

TEST_F(LetterTest, ReadsThoseItIsResentTo) {
  EXPECT_THAT(write({"-t"}, "Resent-To: a@y\nResent-Bcc: c@y\nTo: b@y\n\nHi\n").recipients,
              ElementsAre("a@y", "c@y"));
}

TEST_F(LetterTest, GivesADomainToNamesOfThisMachine) {
  const Letter letter = write({"-f", "cron", "root,joe@x", "ann"},
                              "From: root (Cron Daemon)\nTo: root, Joe <joe@x>\nX-To: me\n\nHi\n");
  EXPECT_EQ(letter.sender, "cron@host.example");
  EXPECT_THAT(letter.recipients, ElementsAre("root@host.example", "joe@x", "ann@host.example"));
  EXPECT_THAT(letter.content, StartsWith("From: root@host.example (Cron Daemon)\r\n"
                                         "To: root@host.example, Joe <joe@x>\r\nX-To: me\r\n\r\n"));
}

TEST_F(LetterTest, LeavesAddressFieldsItDoesNotUnderstand) {
  EXPECT_THAT(write({"b@y"}, "From: a@x\nReply-To: \"unfinished\nCc: the team\n\nHi\n").content,
              StartsWith("From: a@x\r\nReply-To: \"unfinished\r\nCc: the team\r\n\r\n"));
}

TEST_F(LetterTest, MayHaveNoHeader) {
  EXPECT_THAT(write({"b@y"}, "just a line\nTo: nobody\n").content,
              EndsWith("\r\n\r\njust a line\r\nTo: nobody\r\n"));
  EXPECT_THAT(write({"b@y"}, "Subject: s\nno header\n").content, EndsWith("\r\n\r\nno header\r\n"));
  EXPECT_THAT(write({"b@y"}, "\nbody\n").content, EndsWith("\r\n\r\nbody\r\n"));
}

TEST_F(LetterTest, LosesTheLineOfAnMboxButNoOther) {
  EXPECT_THAT(write({"b@y"}, "From jane Mon Jan  1\nFrom: a@x\n\nHi\n").content,
              StartsWith("From: a@x\r\n\r\nHi"));
  EXPECT_THAT(write({"b@y"}, "From here on\nall is body\n").content,
              EndsWith("\r\n\r\nFrom here on\r\nall is body\r\n"));
}

TEST_F(LetterTest, KnowsWhenItsAddressesNeedUtf8) {
  EXPECT_TRUE(write({"j\xC3\xBCrgen@y"}, "").smtputf8);
  EXPECT_FALSE(write({"b@y"}, "Subject: \xC3\xBC\n\n\xC3\xBC\n").smtputf8);
}

TEST_F(LetterTest, SaysWhoIsToBlame) {
  EXPECT_THAT(failure({"a b@y"}, ""), StartsWith("64 A recipient has words"));
  EXPECT_THAT(failure({"a@-"}, ""), StartsWith("64 \"a@-\" is not a valid e-mail address"));
  EXPECT_THAT(failure({" , "}, ""), StartsWith("64 "));
  EXPECT_THAT(failure({"-f", "a@x, b@x", "c@y"}, ""), StartsWith("64 The sender must be one"));
  EXPECT_THAT(failure({"-f", "a@", "c@y"}, ""), StartsWith("64 \"a@\", the sender,"));
  EXPECT_THAT(failure({"-t"}, "Subject: s\n\nHi\n"), StartsWith("65 The message names no"));
  EXPECT_THAT(failure({"-t"}, "To: <a@y\n\nHi\n"), StartsWith("65 To has a \"<\""));
  EXPECT_THAT(failure({"-t"}, "To: a@y\nCc: b@\n\nHi\n"), StartsWith("65 \"b@\" is not"));
}

}  // namespace
}  // namespace postern::cli

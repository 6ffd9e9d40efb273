// The grammar of MAIL and RCPT as values; their replies are in tests/golden/dialogues.
#include "mail/command.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace postern::mail {
namespace {

TEST(Command, IsAVerbAndAnArgument) {
  const CommandLine line = split_command("rcpt TO:<\"a b\"@c>  ");
  EXPECT_EQ(line.verb, "rcpt");
  EXPECT_EQ(line.argument, "TO:<\"a b\"@c>");
  EXPECT_EQ(split_command("QUIT").argument, "");
  EXPECT_EQ(split_command("").verb, "");
  EXPECT_EQ(split_command(" QUIT").verb, "");
}

TEST(Mail, HoldsItsParameters) {
  const auto command = parse_mail("FROM:<a@b> SIZE=12 BODY=8BITMIME SMTPUTF8 AUTH=<>");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->sender.address, "a@b");
  EXPECT_EQ(command->parameters.size_bytes, 12U);
  EXPECT_TRUE(command->parameters.eight_bit_mime);
  EXPECT_TRUE(command->parameters.smtputf8);
}

TEST(Mail, WithoutParametersPromisesNothing) {
  const auto command = parse_mail("from: <>");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->sender.address, "");
  EXPECT_EQ(command->parameters.size_bytes, std::nullopt);
  EXPECT_FALSE(command->parameters.eight_bit_mime);
  EXPECT_FALSE(command->parameters.smtputf8);
}

TEST(Mail, SizeOfTwentyDigitsIsANumber) {
  EXPECT_EQ(parse_mail("FROM:<> SIZE=99999999999999999999")->parameters.size_bytes,
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_mail("FROM:<> SIZE=00000000000000000001")->parameters.size_bytes, 1U);
  EXPECT_EQ(parse_mail("FROM:<> SIZE=100000000000000000000").error(), CommandFault::size);
  EXPECT_EQ(parse_mail("FROM:<> SIZE=+1").error(), CommandFault::size);
  EXPECT_EQ(parse_mail("FROM:<> SIZE=1x").error(), CommandFault::size);
}

TEST(Mail, TellsWhatIsWrongWithAParameter) {
  const auto fault = [](const std::string& text) {
    return parse_mail("FROM:<a@b> " + text).error();
  };
  for (const std::string text : {"X", "X=1", "NOTIFY=NEVER"})
    EXPECT_EQ(fault(text), CommandFault::parameter) << text;
  for (const std::string text :
       {"BODY", "BODY=", "BODY=X", "SMTPUTF8=", "AUTH", "AUTH=a=b", "REQUIRETLS=1"})
    EXPECT_EQ(fault(text), CommandFault::value) << text;
  for (const std::string text :
       {"SMTPUTF8 SMTPUTF8", "AUTH=a AUTH=b", "ENVID=x ENVID=y", "RET=FULL RET=FULL"})
    EXPECT_EQ(fault(text), CommandFault::repeated) << text;
}

TEST(Mail, RefusesOtherShapes) {
  for (const std::string text :
       {"", "FROM", "FROM:", "FROM:a@b", "TO:<a@b>", "<a@b>", "FROM:<a@b>x", "FROM:<a@b>\tSIZE=1"})
    EXPECT_EQ(parse_mail(text).error(), CommandFault::syntax) << text;
}

TEST(Rcpt, TakesOnePathAndNothingElse) {
  EXPECT_EQ(parse_rcpt("TO:<a@b>  ", false)->recipient.address, "a@b");
  EXPECT_EQ(parse_rcpt("TO:<>", false).error(), CommandFault::no_recipient);
  EXPECT_EQ(parse_rcpt("TO:<a@b> <c@d>", false).error(), CommandFault::parameter);
  EXPECT_EQ(parse_rcpt("TO:<a@b>,<c@d>", false).error(), CommandFault::syntax);
  EXPECT_EQ(parse_rcpt("TO:<\"a@b>", false).error(), CommandFault::open_quote);
  EXPECT_EQ(parse_rcpt("TO:<a@b", false).error(), CommandFault::address);
}

TEST(ClientName, IsOneVisibleWord) {
  for (const std::string name :
       {"a", "localhost.localdomain", "[192.0.2.1]", "my_host!", "b\u00fccher.example"})
    EXPECT_TRUE(is_client_name(name)) << name;
  for (const std::string name : {"", "a b", "a\tb", "a\x1b[0m", "\xff", "a\x7f"})
    EXPECT_FALSE(is_client_name(name)) << name;
  EXPECT_TRUE(is_client_name(std::string(255, 'x')));
  EXPECT_FALSE(is_client_name(std::string(256, 'x')));
}

}  // namespace
}  // namespace postern::mail

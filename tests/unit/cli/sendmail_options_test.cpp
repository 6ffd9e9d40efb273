// sendmail's command line as its callers write it.
#include "cli/sendmail_options.hpp"

#include <gmock/gmock.h>

namespace postern::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Mode = SendmailOptions::Mode;
using Words = std::vector<std::string>;

SendmailOptions parse(const Words& words) {
  const auto options = parse_sendmail(words);
  EXPECT_TRUE(options) << options.error().what;
  return options ? *options : SendmailOptions{};
}

std::string complaint(const Words& words) {
  const auto options = parse_sendmail(words);
  return options ? "none" : options.error().what;
}

TEST(SendmailOptions, OfCron) {
  const auto options = parse({"-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"});
  EXPECT_EQ(options.mode, Mode::submit);
  EXPECT_EQ(options.full_name, "CronDaemon");
  EXPECT_FALSE(options.dot_ends);
  EXPECT_FALSE(options.sender);
  EXPECT_THAT(options.recipients, ElementsAre("root"));
}

TEST(SendmailOptions, OfPhp) {
  const auto options = parse({"-t", "-i", "-fshop@product-a.com"});
  EXPECT_TRUE(options.reads_recipients);
  EXPECT_EQ(options.sender, "shop@product-a.com");
  EXPECT_THAT(options.recipients, IsEmpty());
}

TEST(SendmailOptions, OfMutt) {
  const auto options =
      parse({"-oem", "-oi", "-f", "me@x", "-N", "failure,delay", "-R", "hdrs", "--", "-a@x"});
  EXPECT_FALSE(options.dot_ends);
  EXPECT_EQ(options.notify, "failure,delay");
  EXPECT_EQ(options.ret, "hdrs");
  EXPECT_THAT(options.recipients, ElementsAre("-a@x"));
}

TEST(SendmailOptions, StandTogetherOrBehindRecipients) {
  const auto options = parse({"a@x", "-tiv", "-rme@x", "b@y", "-odi", "--config=p.toml"});
  EXPECT_TRUE(options.reads_recipients);
  EXPECT_TRUE(options.verbose);
  EXPECT_FALSE(options.dot_ends);
  EXPECT_EQ(options.sender, "me@x");
  EXPECT_EQ(options.config, "p.toml");
  EXPECT_THAT(options.recipients, ElementsAre("a@x", "b@y"));
}

TEST(SendmailOptions, NameTheConfiguration) {
  EXPECT_EQ(parse({"--config", "p.toml", "-t"}).config, "p.toml");
  EXPECT_EQ(parse({"-C", "p.toml", "-t"}).config, "p.toml");
}

TEST(SendmailOptions, ChooseTheMode) {
  EXPECT_EQ(parse({"-bm", "a@x"}).mode, Mode::submit);
  EXPECT_EQ(parse({"-bs"}).mode, Mode::speak_smtp);
  EXPECT_EQ(parse({"-bp"}).mode, Mode::list_queue);
  EXPECT_EQ(parse({"--help"}).mode, Mode::help);
  EXPECT_THAT(complaint({"-bd"}), HasSubstr("postern serve"));
  EXPECT_THAT(complaint({"-bi"}), HasSubstr("-bi is not part of Postern"));
}

TEST(SendmailOptions, KnowTheEmptySender) {
  EXPECT_EQ(parse({"-f", "", "a@x"}).sender, "");
  EXPECT_EQ(parse({"-f<>", "a@x"}).sender, "<>");
}

TEST(SendmailOptions, AskForReports) {
  EXPECT_EQ(parse({"-N", "NEVER", "a@x"}).notify, "never");
  EXPECT_EQ(parse({"-V", "order+2B1", "-R", "Full", "a@x"}).envelope_id, "order+2B1");
  for (const Words& words :
       {Words{"-N", "never,delay"}, Words{"-N", "sometimes"}, Words{"-N", ""}, Words{"-R", "some"},
        Words{"-V", "two words"}, Words{"-V", "a\r\nRCPT"}})
    EXPECT_NE(complaint({words[0], words[1], "a@x"}), "none") << words[1];
}

TEST(SendmailOptions, IgnoreWhatOnlySteersOtherMailSystems) {
  const auto options = parse({"-om", "-oA/etc/aliases", "-O", "Timeout=1h", "-h3", "-L", "tag",
                              "-X/tmp/log", "-p", "ESMTP", "-e", "m", "-G", "-U", "-mnx", "a@x"});
  EXPECT_TRUE(options.dot_ends);
  EXPECT_THAT(options.recipients, ElementsAre("a@x"));
}

TEST(SendmailOptions, AreRefusedWhenNotUnderstood) {
  EXPECT_EQ(complaint({"-z"}), "sendmail has no option -z.");
  EXPECT_EQ(complaint({"-tz"}), "sendmail has no option -z.");
  EXPECT_EQ(complaint({"--quick"}), "sendmail has no option --quick.");
  EXPECT_EQ(complaint({"a@x", "-f"}), "-f takes a value.");
  EXPECT_EQ(complaint({"--config"}), "--config takes the name of a file.");
  EXPECT_EQ(complaint({}), "Say who is to get the message, or let -t read it from the message.");
  EXPECT_EQ(complaint({"-i", "-f", "a@x"}),
            "Say who is to get the message, or let -t read it from the message.");
}

}  // namespace
}  // namespace postern::cli

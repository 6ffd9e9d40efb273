#include "cli/run.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/failure.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::cli {
namespace {

class RunTest : public ::testing::Test {
 protected:
  int run(std::vector<std::string> words, const std::string& name = "/usr/bin/postern") {
    words.insert(words.begin(), name);
    out_.str("");
    err_.str("");
    return cli::run(words, program_, out_, err_);
  }
  int without_daemon(std::vector<std::string> words, const std::string& name = "postern") {
    words.insert(words.end(), {"--socket", (directory_.path() / "none.sock").string()});
    return run(std::move(words), name);
  }

  testing::TemporaryDirectory directory_;
  std::string served_ = "not";
  Program program_{
      "1.2.3",
      [this](const std::string& file, bool check) {
        served_ = file + (check ? " check" : "");
        return 7;
      },
      [](const std::string&, const std::string&, int) -> Result<std::string> { return "{}"; }};
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(RunTest, PrintsItsVersion) {
  EXPECT_EQ(run({"--version"}), kDone);
  EXPECT_EQ(out_.str(), "postern 1.2.3\n");
}

TEST_F(RunTest, HelpsEveryCommand) {
  EXPECT_EQ(run({"--help"}), kDone);
  EXPECT_NE(out_.str().find("mailq"), std::string::npos);
  EXPECT_EQ(run({"retry", "--help"}), kDone);
  EXPECT_NE(out_.str().find("--sender-domain"), std::string::npos);
}

TEST_F(RunTest, FailsWhenItsOutputCannotBeWritten) {
  std::ofstream full("/dev/full");
  EXPECT_EQ(cli::run({"postern", "--help"}, program_, full, err_), kFailed);
  EXPECT_EQ(err_.str(), "postern: standard output cannot be written to its end.\n");
}

TEST_F(RunTest, Serves) {
  EXPECT_EQ(run({"serve", "--config", "p.toml", "--check"}), 7);
  EXPECT_EQ(served_, "p.toml check");
  EXPECT_EQ(run({"serve"}), 7);
  EXPECT_EQ(served_, "");
}

TEST_F(RunTest, SuggestsWhatAMistypedWordMayHaveMeant) {
  EXPECT_EQ(run({"mialq"}), kUsage);
  EXPECT_NE(err_.str().find("did you mean \"mailq\"?"), std::string::npos) << err_.str();
  EXPECT_EQ(without_daemon({"mailq", "--sendr-domain", "x"}), kUsage);
  EXPECT_NE(err_.str().find("did you mean \"--sender-domain\"?"), std::string::npos) << err_.str();
  EXPECT_EQ(without_daemon({"mailq", "--state", "helld"}), kUsage);
  EXPECT_NE(err_.str().find("did you mean \"held\"?"), std::string::npos) << err_.str();
  EXPECT_EQ(run({"config", "chek"}), kUsage);
  EXPECT_NE(err_.str().find("did you mean \"check\"?"), std::string::npos) << err_.str();
}

TEST_F(RunTest, RefusesWhatIsNoCommandLine) {
  using Words = std::vector<std::string>;
  for (const Words& words :
       {Words{}, Words{"show"}, Words{"config"}, Words{"mailq", "extra"}, Words{"--nonsense"},
        Words{"suspend", "m", "--for", "soon"}, Words{"suspend", "m", "--for", "0s"},
        Words{"mailq", "--older-than", "x"}, Words{"mailq", "--channel", "pigeon"},
        Words{"delete", "--sender-domain", ""}, Words{"classify", "m", "x", "--status", "abc"},
        Words{"mailq", "--state"}, Words{""}}) {
    EXPECT_EQ(run(words), kUsage) << (words.empty() ? "nothing" : words.front());
    EXPECT_NE(err_.str(), "");
    EXPECT_EQ(out_.str(), "");
  }
}

TEST_F(RunTest, VerbsNeedIdsOrAFilterButNotBoth) {
  EXPECT_EQ(without_daemon({"delete"}), kUsage);
  EXPECT_EQ(without_daemon({"delete", "X", "--all"}), kUsage);
  EXPECT_EQ(without_daemon({"delete", "X", "--state", "held"}), kUsage);
  EXPECT_EQ(without_daemon({"delete", "--all"}), kNoDaemon);
  EXPECT_EQ(without_daemon({"hold", "X", "Y", "--reason", "z"}), kNoDaemon);
}

TEST_F(RunTest, SaysWhenThereIsNoDaemon) {
  using Words = std::vector<std::string>;
  for (const Words& words :
       {Words{"mailq"}, Words{"show", "X"}, Words{"body", "X"}, Words{"transports"}, Words{"stats"},
        Words{"suspend", "m"}, Words{"resume", "m"}}) {
    EXPECT_EQ(without_daemon(words), kNoDaemon) << words.front();
    EXPECT_TRUE(err_.str().starts_with("postern: No daemon answers at ")) << err_.str();
  }
}

TEST_F(RunTest, IsMailqWhenCalledSo) {
  EXPECT_EQ(without_daemon({"--json"}, "/usr/bin/mailq"), kNoDaemon);
}

TEST_F(RunTest, IsSendmailWhenCalledSo) {
  EXPECT_EQ(run({"-z"}, "/usr/sbin/sendmail"), kMisused);
  EXPECT_EQ(err_.str(), "sendmail: sendmail has no option -z.\n");
  EXPECT_EQ(run({"sendmail", "-z"}), kMisused);
  EXPECT_EQ(run({"sendmail", "--help"}), kDone);
  EXPECT_NE(out_.str().find("-oi"), std::string::npos);
  const auto file = directory_.path() / "p.toml";
  std::ofstream(file) << "[admin]\nsocket = '" << (directory_.path() / "none.sock").string() << "'";
  EXPECT_EQ(run({"-bp", "--config", file}, "sendmail"), kNoDaemon);
  EXPECT_TRUE(err_.str().starts_with("postern: No daemon answers at ")) << err_.str();
}

TEST_F(RunTest, ClassifiesWithoutADaemon) {
  EXPECT_EQ(without_daemon({"classify", "mailgun", "busy", "--status", "429", "--json"}), kDone);
  EXPECT_EQ(out_.str(), "{}\n");
}

TEST_F(RunTest, ChecksAConfiguration) {
  EXPECT_EQ(run({"config", "check", "--config", "/nowhere/x.toml"}), kUsage);
  EXPECT_NE(err_.str().find("/nowhere/x.toml"), std::string::npos);
}

TEST_F(RunTest, MakesADkimKey) {
  const auto file = directory_.path() / "key.pem";
  EXPECT_EQ(run({"dkim", "keygen", "shop.example", "s1", "--ed25519", "--out", file.string()}),
            kDone)
      << err_.str();
  EXPECT_EQ(run({"dkim", "record", "shop.example", "s1", "--key", file.string()}), kDone)
      << err_.str();
  EXPECT_NE(out_.str().find("k=ed25519"), std::string::npos) << out_.str();
}

}  // namespace
}  // namespace postern::cli

#include "cli/config_command.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/temporary_directory.hpp"

namespace postern::cli {
namespace {

// The two commands on a file of a directory of its own.
class ConfigCommand : public ::testing::Test {
 protected:
  std::string write(const std::string& toml) const {
    const std::filesystem::path file = directory_.path() / "p.toml";
    std::ofstream(file, std::ios::binary) << toml;
    return file.string();
  }
  int check(const std::string& file, bool json = false) {
    return config_check(file, json, out_, err_);
  }
  int show(const std::string& file, bool json = false) {
    return config_show(file, json, out_, err_);
  }

  testing::TemporaryDirectory directory_;
  std::ostringstream out_;
  std::ostringstream err_;
};

const std::string kGood =
    "[admin]\ntoken = \"hunter2\"\n[[transport]]\nname = \"c\"\ntype = \"capture\"\ndirectory = "
    "\"x\"\n";

TEST_F(ConfigCommand, CheckSaysThatThereAreNoMistakes) {
  const std::string file = write(kGood);
  EXPECT_EQ(check(file), 0);
  EXPECT_EQ(out_.str(), file + ": no mistakes (1 listener, 1 transport, 0 domains)\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ConfigCommand, CheckNamesEveryMistakeWithItsPlace) {
  const std::string file = write("[queue]\nretyr = \"3s\"\n[log]\nlevel = 3\n" + kGood);
  EXPECT_EQ(check(file), 2);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(),
            file + ":2:1: unknown key \"retyr\" in [queue] (did you mean \"retry\"?)\n" + file +
                ":4:9: level: must be a string, not a number: \"3\" is not one of \"debug\", "
                "\"info\", \"warning\", \"error\"\n");
}

TEST_F(ConfigCommand, CheckWarnsAndPasses) {
  const std::string tight = kGood + "max_message = \"1MiB\"\n";
  EXPECT_EQ(check(write(tight)), 0);
  EXPECT_NE(err_.str().find("p.toml:1:1: max_message: mail of up to 36MiB is accepted"),
            std::string::npos);
  EXPECT_EQ(check(write(tight), true), 0);
  EXPECT_EQ(nlohmann::json::parse(out_.str().substr(out_.str().find('{')))["warnings"].size(), 1U);
}

TEST_F(ConfigCommand, CheckPrintsMistakesAsJson) {
  EXPECT_EQ(check(write("[queue]\nretyr = \"3s\"\n" + kGood), true), 2);
  const auto mistake = nlohmann::json::parse(out_.str())["mistakes"].at(0);
  EXPECT_EQ(mistake["line"], 2);
  EXPECT_EQ(mistake["column"], 1);
  EXPECT_EQ(mistake["what"], "unknown key \"retyr\" in [queue] (did you mean \"retry\"?)");
  out_.str("");
  EXPECT_EQ(check(write(kGood), true), 0);
  EXPECT_EQ(out_.str(), "{\"mistakes\":[],\"warnings\":[]}\n");
}

TEST_F(ConfigCommand, ShowPrintsTheSameTreeAsJson) {
  EXPECT_EQ(show(write(kGood), true), 0);
  const auto tree = nlohmann::json::parse(out_.str());
  EXPECT_EQ(tree["queue"]["expire_after"], "3d");
  EXPECT_EQ(tree["admin"]["token"], "***");
  EXPECT_EQ(tree["transport"][0]["name"], "c");
  EXPECT_EQ(tree["listener"][0]["max_recipients"], 1000);
}

TEST_F(ConfigCommand, CheckOfAMissingFileFails) {
  EXPECT_EQ(check("/nowhere/p.toml"), 2);
  EXPECT_EQ(err_.str(), "/nowhere/p.toml: cannot be read: No such file or directory\n");
}

TEST_F(ConfigCommand, ShowPrintsTheEffectiveConfigurationWithoutSecrets) {
  EXPECT_EQ(show(write(kGood)), 0);
  const std::string first = out_.str();
  EXPECT_NE(first.find("expire_after = \"3d\"\n"), std::string::npos);
  EXPECT_NE(first.find("token = \"***\"\n"), std::string::npos);
  EXPECT_EQ(first.find("hunter2"), std::string::npos);
  out_.str("");
  EXPECT_EQ(show(write(first)), 0) << err_.str();
  EXPECT_EQ(out_.str(), first);
}

TEST_F(ConfigCommand, ShowOfABadFilePrintsMistakesOnly) {
  EXPECT_EQ(show(write("[zzz]\n" + kGood)), 2);
  EXPECT_EQ(out_.str(), "");
  EXPECT_NE(err_.str().find(":1:2: unknown section \"zzz\"\n"), std::string::npos);
}

TEST_F(ConfigCommand, WithoutAFileTheEnvironmentIsRead) {
  ASSERT_EQ(::setenv("POSTERN_BACKUP_URL", "smtps://mx.example", 1), 0);
  const int status = check("");
  ASSERT_EQ(::unsetenv("POSTERN_BACKUP_URL"), 0);
  EXPECT_EQ(status, 0) << err_.str();
  EXPECT_EQ(out_.str(), "environment: no mistakes (1 listener, 1 transport, 0 domains)\n");
}

}  // namespace
}  // namespace postern::cli

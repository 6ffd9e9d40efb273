#include "transports/capture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "parcels.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::transports {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class CaptureTest : public ::testing::Test {
 protected:
  CaptureTest() {
    settings.name = "dev";
    settings.type = "capture";
    settings.directory = directory();
    capture = make(settings, {});
  }
  fs::path directory() const { return temporary.path() / "a" / "b"; }

  testing::TemporaryDirectory temporary;
  config::Transport settings;
  std::unique_ptr<Transport> capture;
};

TEST_F(CaptureTest, WritesMessageAndEnvelope) {
  const std::string content("Subject: x\r\n\r\nbinary \0 and \xff\r\n", 30);
  const Parcel parcel = a_parcel({"a@y.com", "b@y.com"}, content);
  const Report report = deliver(*capture, parcel);
  ASSERT_EQ(report.size(), 2U);
  EXPECT_EQ(report[1].kind, Outcome::Kind::delivered);
  EXPECT_EQ(report[1].provider_id, parcel.message->id());
  EXPECT_EQ(read(directory() / (parcel.message->id() + ".eml")), content);
  const auto envelope = nlohmann::json::parse(read(directory() / (parcel.message->id() + ".json")));
  EXPECT_EQ(envelope["sender"], "from@x.com");
  EXPECT_EQ(envelope["recipients"], nlohmann::json({"a@y.com", "b@y.com"}));
}

TEST_F(CaptureTest, LeavesNoUnfinishedFile) {
  deliver(*capture, a_parcel({"a@y.com"}));
  for (const auto& entry : fs::directory_iterator(directory()))
    EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST_F(CaptureTest, KeepsTheShareOfEachRecipientApart) {
  Parcel parcel = a_parcel({"a@y.com", "b@y.com"});
  parcel.recipients = {1};
  deliver(*capture, parcel);
  EXPECT_TRUE(fs::exists(directory() / (parcel.message->id() + "-1.eml")));
}

TEST_F(CaptureTest, DefersWhenTheDirectoryIsGone) {
  fs::remove_all(directory());
  const Report report = deliver(*capture, a_parcel({"a@y.com"}));
  EXPECT_EQ(report.at(0).kind, Outcome::Kind::deferred);
  EXPECT_EQ(report.at(0).blame, Blame::transport);
}

}  // namespace
}  // namespace postern::transports

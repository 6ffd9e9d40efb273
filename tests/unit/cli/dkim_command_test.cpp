#include "cli/dkim_command.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "core/crypto.hpp"
#include "dkim/signer.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::cli {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow{1'780'000'000'000ms};
const std::string kMail = "From: anna@example.com\r\nSubject: x\r\n\r\nHello\r\n";

// The commands on files of a directory of their own.
class DkimCommand : public ::testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  int keygen(const std::string& domain, const std::string& file) {
    return dkim_keygen({.domain = domain, .selector = "s1", .ed25519 = true, .out = path(file)},
                       out_, err_);
  }
  int record(const std::string& file, bool json = false) {
    return dkim_record({.domain = "example.com", .selector = "s1", .key = path(file), .json = json},
                       out_, err_);
  }
  int verify(const std::string& message, const std::string& key_file,
             const std::string& record = {}) {
    VerifyOptions options;
    options.file = write("message.eml", message);
    options.record = record;
    if (!key_file.empty()) options.key = path(key_file);
    return dkim_verify(options, kNow, out_, err_);
  }
  // kMail, signed with the key in that file.
  std::string signed_mail(const std::string& file) const {
    const auto key = dkim::PrivateKey::load(read(file));
    return dkim::Signer("example.com", "s1", *key)
               .sign(dkim::choose_fields(kMail), crypto::sha256("Hello\r\n"), kNow) +
           kMail;
  }
  std::string take_output() { return std::exchange(out_, std::ostringstream{}).str(); }
  std::string errors() const { return err_.str(); }

  testing::TemporaryDirectory directory_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(DkimCommand, KeygenWritesAKeyForTheOwnerAlone) {
  ASSERT_EQ(keygen("example.com", "k.pem"), 0);
  struct stat status {};
  ASSERT_EQ(::stat(path("k.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_TRUE(dkim::PrivateKey::load(read("k.pem")));
}

TEST_F(DkimCommand, KeygenPrintsTheRecordToPublish) {
  ASSERT_EQ(keygen("example.com", "k.pem"), 0);
  const auto printed = take_output();
  EXPECT_TRUE(printed.starts_with("s1._domainkey.example.com. IN TXT ( \"v=DKIM1; k=ed25519; p="));
  ASSERT_EQ(record("k.pem"), 0);
  EXPECT_EQ(take_output(), printed);
  EXPECT_EQ(printed.find("PRIVATE"), std::string::npos);
}

TEST_F(DkimCommand, KeygenNeverOverwrites) {
  write("k.pem", "precious");
  EXPECT_EQ(keygen("example.com", "k.pem"), 1);
  EXPECT_EQ(read("k.pem"), "precious");
  EXPECT_NE(errors().find("File exists"), std::string::npos);
}

TEST_F(DkimCommand, KeygenWantsNamesOfDns) {
  EXPECT_EQ(keygen("../example", "k.pem"), 2);
  EXPECT_EQ(keygen("", "k.pem"), 2);
  EXPECT_FALSE(std::filesystem::exists(path("k.pem")));
}

TEST_F(DkimCommand, RecordSaysWhatIsWrongWithTheFile) {
  write("k.pem", "no key");
  EXPECT_EQ(record("k.pem"), 1);
  EXPECT_EQ(record("absent.pem"), 1);
  EXPECT_NE(errors().find("k.pem: not an unencrypted private key in PEM"), std::string::npos);
  EXPECT_NE(errors().find("No such file"), std::string::npos);
}

TEST_F(DkimCommand, RecordSpeaksJson) {
  keygen("example.com", "k.pem");
  take_output();
  ASSERT_EQ(record("k.pem", true), 0);
  const auto printed = take_output();
  EXPECT_NE(printed.find("\"name\":\"s1._domainkey.example.com\""), std::string::npos);
  EXPECT_NE(printed.find("\"value\":\"v=DKIM1; k=ed25519; p="), std::string::npos);
}

TEST_F(DkimCommand, VerifyTakesTheKeyInWhateverFormItWasKept) {
  keygen("example.com", "k.pem");
  write("zone.txt", take_output());
  const auto text = dkim::PrivateKey::load(read("k.pem"))->record();
  write("record.txt", text + "\n");
  const auto mail = signed_mail("k.pem");
  for (const char* file : {"k.pem", "zone.txt", "record.txt"}) {
    EXPECT_EQ(verify(mail, file), 0) << file;
    EXPECT_EQ(take_output(), "pass d=example.com s=s1 a=ed25519-sha256\n");
  }
  EXPECT_EQ(verify(mail, "", text), 0);
}

TEST_F(DkimCommand, VerifyFailsUnlessEverySignaturePasses) {
  keygen("example.com", "k.pem");
  keygen("example.com", "other.pem");
  take_output();
  EXPECT_EQ(verify(signed_mail("k.pem") + "more\r\n", "k.pem"), 1);
  EXPECT_EQ(take_output(), "fail d=example.com s=s1 a=ed25519-sha256: the body was changed\n");
  const auto both = signed_mail("other.pem");
  EXPECT_EQ(verify(both.substr(0, both.find("From:")) + signed_mail("k.pem"), "k.pem"), 1);
  take_output();
  EXPECT_EQ(verify(kMail, "k.pem"), 1);
  EXPECT_EQ(take_output(), "no DKIM signature\n");
}

TEST_F(DkimCommand, VerifyTakesUnixLineEnds) {
  keygen("example.com", "k.pem");
  auto mail = signed_mail("k.pem");
  std::erase(mail, '\r');
  EXPECT_EQ(verify(mail, "k.pem"), 0);
}

TEST_F(DkimCommand, VerifyWantsOneKey) {
  keygen("example.com", "k.pem");
  EXPECT_EQ(verify(kMail, "k.pem", "v=DKIM1; p="), 2);
  EXPECT_EQ(verify(kMail, "absent.txt"), 1);
}

TEST_F(DkimCommand, VerifyShowsNoControlCharacters) {
  verify("DKIM-Signature: d=\x1b[2J; s=\x07\r\n\r\n", "", "v=DKIM1; p=");
  EXPECT_EQ(take_output(), "fail d=\\x1b[2J s=\\x07 a=: v= is missing\n");
}

}  // namespace
}  // namespace postern::cli

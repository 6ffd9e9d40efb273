// [tls] and the listeners that need it: what is wrong is said at the file that it is about.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/certificate.hpp"
#include "tests/unit/config/expect_mistakes.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const testing::Certificate& good() {
  static const testing::Certificate made;
  return made;
}

std::string tls(const std::string& certificate, const std::string& key) {
  return "[tls]\ncertificate = \"" + certificate + "\"\nkey = \"" + key + "\"\n" + kWayOut;
}

TEST(TlsSection, HoldsWhatTheFilesHold) {
  const Config config =
      config_of("[[listener]]\ntls = \"starttls\"\n" + tls(good().file(), good().key()));
  EXPECT_EQ(config.listeners.at(0).tls, ListenerTls::starttls);
  EXPECT_EQ(config.tls.chain_pem, good().chain_pem());
  EXPECT_EQ(config.tls.key_pem.reveal(), good().key_pem());
  EXPECT_GT(config.tls.not_after, config.tls.not_before);
}

TEST(TlsSection, EveryKindOfListenerWithTlsNeedsIt) {
  for (const std::string kind : {"starttls", "required", "implicit"})
    EXPECT_THAT(mistakes_of("[[listener]]\ntls = \"" + kind + "\"\n" + kWayOut),
                ElementsAre("p.toml:2:7: tls: needs a [tls] section with its \"certificate\"",
                            "p.toml:2:7: tls: needs a [tls] section with its \"key\""));
  EXPECT_THAT(mistakes_of("[[listener]]\ntls = \"none\"\n" + kWayOut), IsEmpty());
}

TEST(TlsSection, MissingFilesAreNamed) {
  EXPECT_THAT(
      mistakes_of(tls("/nowhere/cert.pem", "/nowhere/key.pem")),
      ElementsAre(
          "p.toml:2:15: certificate: \"/nowhere/cert.pem\" cannot be read: No such file or "
          "directory",
          "p.toml:3:7: key: \"/nowhere/key.pem\" cannot be read: No such file or directory"));
}

TEST(TlsSection, FilesThatAreSomethingElseAreNamed) {
  EXPECT_THAT(
      mistakes_of(tls(good().key(), good().key())),
      ElementsAre("p.toml:2:15: certificate: \"" + good().key() + "\" holds no PEM certificate"));
  EXPECT_THAT(mistakes_of(tls(good().file(), good().file())),
              ElementsAre("p.toml:3:7: key: \"" + good().file() + "\" holds no PEM private key"));
}

// As a renewal leaves them that ran out of disk.
TEST(TlsSection, EmptyFilesAreNamed) {
  const std::string empty = good().file() + ".empty";
  std::ofstream(empty).flush();
  EXPECT_THAT(mistakes_of("[[listener]]\ntls = \"starttls\"\n" + tls(empty, good().key())),
              ElementsAre("p.toml:4:15: certificate: \"" + empty + "\" holds no PEM certificate"));
  EXPECT_THAT(mistakes_of("[[listener]]\ntls = \"starttls\"\n" + tls(good().file(), empty)),
              ElementsAre("p.toml:5:7: key: \"" + empty + "\" holds no PEM private key"));
}

TEST(TlsSection, AKeyOfAnotherCertificateIsAMistake) {
  const testing::Certificate other;
  EXPECT_THAT(
      mistakes_of(tls(good().file(), other.key())),
      ElementsAre("p.toml:3:7: key: \"" + other.key() + "\" does not belong to the certificate"));
}

TEST(TlsSection, ACertificateOutOfItsTimeIsAWarning) {
  const Config config = config_of(tls(good().file(), good().key()));
  const Time end = config.tls.not_after;
  EXPECT_THAT(
      warnings(config, end - std::chrono::hours(24 * 15)),
      ElementsAre("tls.certificate: " + good().file() + " is good only from " +
                  to_rfc3339(config.tls.not_before) + "; clients that verify will refuse it"));
  EXPECT_THAT(warnings(config, end - std::chrono::hours(24)),
              ElementsAre("tls.certificate: " + good().file() + " expires on " + to_rfc3339(end) +
                          "; renew it and send SIGHUP"));
  EXPECT_THAT(warnings(config, end + std::chrono::seconds(1)),
              ElementsAre("tls.certificate: " + good().file() + " expired on " + to_rfc3339(end) +
                          "; clients that verify will refuse it"));
}

TEST(TlsSection, ACertificateWithTimeLeftIsNoWarning) {
  const testing::Certificate lasting(testing::Certificate::kEcdsa, "90");
  const Config config = config_of(tls(lasting.file(), lasting.key()));
  EXPECT_THAT(warnings(config, config.tls.not_before + std::chrono::hours(24)), IsEmpty());
  EXPECT_THAT(warnings(config_of(kWayOut), Time{}), IsEmpty());
}

}  // namespace
}  // namespace postern::config

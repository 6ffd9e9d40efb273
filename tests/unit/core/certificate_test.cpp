// Certificates as operators install them, right and wrong; made by openssl(1).
#include "core/certificate.hpp"

#include <gtest/gtest.h>

#include "tests/support/certificate.hpp"

namespace postern {
namespace {

using std::chrono::hours;

const testing::Certificate& good() {
  static const testing::Certificate made;
  return made;
}

std::string complaint(std::string_view chain_pem) {
  const auto facts = inspect_certificate(chain_pem);
  return facts ? "" : facts.error().what;
}

std::string complaint_of_key(std::string_view key_pem) {
  const auto error = check_key(good().chain_pem(), key_pem);
  return error ? error->what : "";
}

TEST(Certificate, TellsHowLongItIsGood) {
  const auto facts = inspect_certificate(good().chain_pem());
  ASSERT_TRUE(facts);
  const Time now = SystemClock().now();  // after the certificate was made
  EXPECT_LE(facts->not_before, now);
  EXPECT_GT(facts->not_after, now + hours(47));
  EXPECT_LE(facts->not_after, now + hours(49));
}

TEST(Certificate, TakesAChainOfSeveralWithTextBetween) {
  const std::string chain = "the leaf\n" + good().chain_pem() + "its issuer\n" + good().chain_pem();
  EXPECT_EQ(complaint(chain), "");
  EXPECT_EQ(check_key(chain, good().key_pem()), std::nullopt);
}

TEST(Certificate, RefusesWhatIsNone) {
  EXPECT_EQ(complaint(""), "holds no PEM certificate");
  EXPECT_EQ(complaint("hello"), "holds no PEM certificate");
  EXPECT_EQ(complaint(good().key_pem()), "holds no PEM certificate");
}

TEST(Certificate, RefusesADamagedOneAnywhereInTheChain) {
  std::string damaged = good().chain_pem();
  damaged.erase(100, 64);
  EXPECT_EQ(complaint(damaged), "holds a certificate that is damaged");
  EXPECT_EQ(complaint(good().chain_pem() + damaged), "holds a certificate that is damaged");
}

TEST(Certificate, RefusesAKeyThatIsTooShort) {
  const testing::Certificate small("rsa:1024");
  EXPECT_EQ(complaint(small.chain_pem()),
            "has a key of only 1024 bits; clients want RSA of 2048 bits or more, or ECDSA");
}

TEST(Certificate, ItsKeyMustBeItsOwn) {
  EXPECT_EQ(complaint_of_key(good().key_pem()), "");
  EXPECT_EQ(complaint_of_key(testing::Certificate().key_pem()),
            "does not belong to the certificate");
  EXPECT_EQ(complaint_of_key(testing::Certificate("rsa:2048").key_pem()),
            "does not belong to the certificate");
}

TEST(Certificate, ItsKeyMustBeReadable) {
  EXPECT_EQ(complaint_of_key(""), "holds no PEM private key");
  EXPECT_EQ(complaint_of_key(good().chain_pem()), "holds no PEM private key");
  const testing::Certificate locked(testing::Certificate::kEcdsa, "2", "-passout pass:secret");
  EXPECT_EQ(complaint_of_key(locked.key_pem()),
            "is behind a passphrase; the daemon needs it without");
}

}  // namespace
}  // namespace postern

#include "dkim/key.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "tests/unit/dkim/keys.hpp"

namespace postern::dkim {
namespace {

std::string fault_of_record(std::string_view record) {
  const auto key = PublicKey::parse_record(record);
  return key ? "none" : key.error().what;
}
std::string fault_of_pem(std::string_view pem) {
  const auto key = PrivateKey::load(pem);
  return key ? "none" : key.error().what;
}

constexpr auto kEd25519Record =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

TEST(Key, SignsWhatItsRecordVerifies) {
  for (const PrivateKey& key : {test::rsa(), test::ed25519()}) {
    const auto reloaded = PrivateKey::load(key.to_pem());
    ASSERT_TRUE(reloaded);
    const auto published = PublicKey::parse_record(key.record());
    ASSERT_TRUE(published);
    EXPECT_EQ(published->algorithm(), key.algorithm());
    const auto signature = reloaded->sign("bytes");
    EXPECT_TRUE(published->verifies("bytes", signature));
    EXPECT_FALSE(published->verifies("other bytes", signature));
    EXPECT_FALSE(published->verifies("bytes", ""));
    EXPECT_FALSE(published->verifies("bytes", signature.substr(1)));
  }
}

TEST(Key, GeneratesRsaOf2048Bits) {
  EXPECT_EQ(test::rsa().sign("x").size(), 2048u / 8);
}

TEST(Key, LoadsPkcs1AndKeysOf1024Bits) {
  EXPECT_EQ(fault_of_pem(test::pem_of(test::rsa_of(1024), true)), "none");
  EXPECT_EQ(fault_of_pem(test::pem_of(test::rsa_of(1024))), "none");
}

TEST(Key, RefusesWhatCannotSign) {
  EXPECT_EQ(fault_of_pem(test::pem_of(test::rsa_of(512))),
            "an RSA key of 512 bits; 1024 to 4096 are allowed");
  EXPECT_EQ(fault_of_pem(test::pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))),
            "neither an RSA nor an Ed25519 key");
  EXPECT_EQ(fault_of_pem(""), "not an unencrypted private key in PEM");
  EXPECT_EQ(fault_of_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            "not an unencrypted private key in PEM");
  EXPECT_EQ(fault_of_pem("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                         "-----END ENCRYPTED PRIVATE KEY-----\n"),
            "not an unencrypted private key in PEM: it asks for a pass phrase");
  EXPECT_EQ(fault_of_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
            "not an unencrypted private key in PEM: it is the public one");
  EXPECT_EQ(fault_of_pem("/etc/postern/a.pem"),
            "not an unencrypted private key in PEM; for one in a file write { file = \"PATH\" }");
}

TEST(Key, LeavesNoErrorBehindForTheThreadsNextUserOfOpenSsl) {
  fault_of_pem("junk");
  fault_of_record("v=DKIM1; p=AAAA");
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Key, ReadsRecordsAsTheyAreFoundInDns) {
  EXPECT_EQ(fault_of_record(kEd25519Record), "none");
  EXPECT_EQ(fault_of_record("k=ed25519;p=11qYAYKxCrfVS/7TyWQHOg7hcv\r\n PapiMlrwIaaPcHURo=;"),
            "none");
  EXPECT_EQ(fault_of_record(std::string(kEd25519Record) + "; s=tlsrpt : email; h=sha1:sha256; n=x"),
            "none");
  const auto strict = PublicKey::parse_record(std::string(kEd25519Record) + "; t=y:s");
  ASSERT_TRUE(strict);
  EXPECT_TRUE(strict->strict());
}

TEST(Key, RefusesRecordsThatAreNoKeyForThis) {
  const std::string good = kEd25519Record;
  EXPECT_EQ(fault_of_record("v=DKIM1; k=rsa; p="), "the key is revoked");
  EXPECT_EQ(fault_of_record("v=DKIM1; k=rsa"), "the key record has no p=");
  EXPECT_EQ(fault_of_record("v=DKIM2; p=AAAA"), "not a DKIM1 key record");
  EXPECT_EQ(fault_of_record("v=DKIM1; p=A*"), "p= of the key record is not base64");
  EXPECT_EQ(fault_of_record("v=DKIM1; p=AAAA"), "p= of the key record is no key");
  EXPECT_EQ(fault_of_record("v=DKIM1; k=ed25519; p=AAAA"), "p= of the key record is no key");
  EXPECT_EQ(fault_of_record("v=DKIM1; k=dsa; p=AAAA"), "unknown kind of key: dsa");
  EXPECT_EQ(fault_of_record(good + "; s=tlsrpt"), "the key is not for e-mail");
  EXPECT_EQ(fault_of_record(good + "; h=sha1"), "the key is not for SHA-256");
  EXPECT_EQ(fault_of_record(good + "; p=AAAA"), "tag p= is given twice");
  EXPECT_EQ(fault_of_record(good + "; hello"), "not a tag: hello");
}

TEST(Key, CutsTheRecordIntoStringsOfAtMost255Bytes) {
  EXPECT_EQ(zone_line("example.com", "s1", "v=DKIM1; p=abc"),
            "s1._domainkey.example.com. IN TXT ( \"v=DKIM1; p=abc\" )");
  EXPECT_EQ(zone_line("d.example", "s", std::string(256, 'x')),
            "s._domainkey.d.example. IN TXT ( \"" + std::string(255, 'x') + "\" \"x\" )");
  EXPECT_EQ(zone_line("d.example", "s", std::string(255, 'x')),
            "s._domainkey.d.example. IN TXT ( \"" + std::string(255, 'x') + "\" )");
}

}  // namespace
}  // namespace postern::dkim

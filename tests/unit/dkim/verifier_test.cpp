#include "dkim/verifier.hpp"

#include <gtest/gtest.h>

#include <map>

#include "core/crypto.hpp"
#include "dkim/signer.hpp"
#include "tests/unit/dkim/keys.hpp"

namespace postern::dkim {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow{1'780'000'000'000ms};

// RFC 8463 appendix A, with both of its signatures.
const std::string kRfc8463Message =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";

using Records = std::map<std::string, std::string>;  // "selector domain" -> TXT

KeyLookup in(Records records) {
  return [records](const std::string& selector, const std::string& domain) -> Result<std::string> {
    const auto found = records.find(selector + " " + domain);
    if (found == records.end()) return Error{"no key"};
    return found->second;
  };
}

KeyLookup rfc8463_keys() {
  return in({{"brisbane football.example.com",
              "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
             {"test football.example.com",
              "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
              "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/by"
              "YzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3"
              "rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3"
              "QIDAQAB"}});
}

std::string replace(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// "pass" or why not, of the message's only signature.
std::string verdict(const std::string& message, const KeyLookup& keys, Time now = kNow) {
  const auto verdicts = verify(message, keys, now);
  if (verdicts.size() != 1) return std::to_string(verdicts.size()) + " signatures";
  return verdicts[0].passed ? "pass" : verdicts[0].why;
}

const std::string kHeader =
    "From: Anna <anna@example.com>\r\nTo: b@example.net\r\nSubject: Hello\r\n\r\n";
const std::string kBody = "Hello\r\nworld\r\n";

KeyLookup own_keys() {
  return in({{"r example.com", test::rsa().record()}, {"e example.com", test::ed25519().record()}});
}

std::string sign(const PrivateKey& key, const std::string& selector) {
  // SHA-256 of kBody, which is canonical as it stands.
  return Signer("example.com", selector, key)
      .sign(choose_fields(kHeader), crypto::sha256(kBody), kNow);
}

TEST(Verifier, AcceptsTheMessageOfRfc8463) {
  const auto verdicts = verify(kRfc8463Message, rfc8463_keys(), kNow);
  ASSERT_EQ(verdicts.size(), 2u);
  EXPECT_TRUE(verdicts[0].passed) << verdicts[0].why;
  EXPECT_EQ(verdicts[0].algorithm, "ed25519-sha256");
  EXPECT_EQ(verdicts[0].selector, "brisbane");
  EXPECT_TRUE(verdicts[1].passed) << verdicts[1].why;
  EXPECT_EQ(verdicts[1].domain, "football.example.com");
}

TEST(Verifier, DetectsAChangedBodyOrHeader) {
  for (const auto& verdict :
       verify(replace(kRfc8463Message, "lost the", "won the"), rfc8463_keys(), kNow))
    EXPECT_EQ(verdict.why, "the body was changed");
  for (const auto& verdict :
       verify(replace(kRfc8463Message, "dinner", "supper"), rfc8463_keys(), kNow))
    EXPECT_EQ(verdict.why, "a signed header field was changed");
}

TEST(Verifier, AcceptsWhatTheSignerMakes) {
  EXPECT_EQ(verdict(sign(test::rsa(), "r") + kHeader + kBody, own_keys()), "pass");
  EXPECT_EQ(verdict(sign(test::ed25519(), "e") + kHeader + kBody, own_keys()), "pass");
}

TEST(Verifier, AcceptsSimpleCanonicalisation) {
  const std::string unsigned_field =
      "DKIM-Signature: v=1; a=ed25519-sha256; d=example.com; s=e; h=from:to; bh=" +
      crypto::to_base64(crypto::sha256(kBody)) + "; b=";
  const std::string signed_bytes =
      "From: Anna <anna@example.com>\r\nTo: b@example.net\r\n" + unsigned_field;
  const std::string field =
      unsigned_field + crypto::to_base64(test::ed25519().sign(signed_bytes)) + "\r\n";
  EXPECT_EQ(verdict(field + kHeader + kBody, own_keys()), "pass");
  EXPECT_EQ(verdict(field + replace(kHeader, "To: b", "To:  b") + kBody, own_keys()),
            "a signed header field was changed");
}

TEST(Verifier, RefusesAWrongOrMissingKey) {
  const auto message = sign(test::ed25519(), "e") + kHeader + kBody;
  EXPECT_EQ(verdict(message, in({})), "no key");
  EXPECT_EQ(verdict(message, in({{"e example.com", test::rsa().record()}})),
            "a= does not fit the key");
  EXPECT_EQ(verdict(message, in({{"e example.com", "p="}})), "the key is revoked");
  EXPECT_EQ(
      verdict(message,
              in({{"e example.com", PrivateKey::generate(Algorithm::ed25519_sha256).record()}})),
      "a signed header field was changed");
}

TEST(Verifier, RefusesTagsThatAreWrong) {
  const auto message = sign(test::ed25519(), "e") + kHeader + kBody;
  const auto with = [&](std::string_view from, std::string_view to) {
    return verdict(replace(message, from, to), own_keys());
  };
  EXPECT_EQ(with("v=1", "v=2"), "unknown version");
  EXPECT_EQ(with("v=1;", ""), "v= is missing");
  EXPECT_EQ(with("s=e;", ""), "s= is missing");
  EXPECT_EQ(with("v=1;", "v=1; l=3;"), "l= leaves the end of the body unsigned");
  EXPECT_EQ(with("v=1;", "v=1; x=1;"), "the signature has expired");
  EXPECT_EQ(with("v=1;", "v=1; x=-1;"), "x= is not a time");
  EXPECT_EQ(with("v=1;", "v=1; v=1;"), "tag v= is given twice");
  EXPECT_EQ(with("v=1;", "v=1; i=a@other.example;"), "i= is not within d=");
  EXPECT_EQ(with("h=From:From:", "h="), "From is not signed");
  EXPECT_EQ(with("c=relaxed/relaxed", "c=nowsp"), "unknown canonicalisation: nowsp");
  EXPECT_EQ(with("a=ed25519-sha256", "a=rsa-sha1"), "a= does not fit the key");
  EXPECT_EQ(with("t=1780000000", "t=1780000001"), "a signed header field was changed");
  EXPECT_EQ(with("b=", "b=*"), "b= is not base64");
}

TEST(Verifier, HoldsAStrictKeyToItsVeryDomain) {
  const auto message =
      replace(sign(test::ed25519(), "e"), "v=1;", "v=1; i=a@sub.example.com;") + kHeader + kBody;
  EXPECT_EQ(verdict(message, in({{"e example.com", test::ed25519().record() + "; t=s"}})),
            "i= is not d=, as the key demands");
}

TEST(Verifier, SeesNoSignatureWhereThereIsNone) {
  EXPECT_TRUE(verify(kHeader + kBody, own_keys(), kNow).empty());
  EXPECT_TRUE(verify("", own_keys(), kNow).empty());
  EXPECT_TRUE(verify("\r\n" + sign(test::rsa(), "r"), own_keys(), kNow).empty());
}

TEST(Verifier, SurvivesGarbage) {
  EXPECT_EQ(verdict("DKIM-Signature:", own_keys()), "v= is missing");
  EXPECT_EQ(verdict("DKIM-Signature: ;;=;\r\n", own_keys()), "not a tag: =");
}

}  // namespace
}  // namespace postern::dkim

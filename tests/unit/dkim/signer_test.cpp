#include "dkim/signer.hpp"

#include <gtest/gtest.h>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "dkim/verifier.hpp"
#include "mail/relaxed_body.hpp"
#include "tests/unit/dkim/keys.hpp"

namespace postern::dkim {
namespace {

using namespace std::chrono_literals;
constexpr Time kNow{1'780'000'000'123ms};

std::string hash(std::string_view body) {
  mail::RelaxedBodyHash hash;
  hash.update(body);
  return hash.finish();
}

std::string sign(std::string_view header, std::string_view body,
                 const PrivateKey& key = test::ed25519()) {
  return Signer("example.com", "s1", key).sign(choose_fields(header), hash(body), kNow);
}

bool passes(const std::string& message, const PrivateKey& key = test::ed25519()) {
  const auto verdicts = verify(
      message, [&](auto&, auto&) -> Result<std::string> { return key.record(); }, kNow);
  return verdicts.size() == 1 && verdicts[0].passed;
}

// Signs `header` and `body`, and says whether what a relay made of them still passes.
struct Journey {
  std::string header, body;
  bool survives(const std::string& changed_header, const std::string& changed_body) const {
    return passes(sign(header, body) + changed_header + changed_body);
  }
};

const Journey kMail{"From: Anna <anna@example.com>\r\nTo: b@example.net\r\nSubject: Hello\r\n\r\n",
                    "Hello\r\n"};

std::string lines(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& line : all) out += line + "\r\n";
  return out;
}

TEST(Signer, NamesWhatAReaderSeesOnceMoreThanItOccurs) {
  EXPECT_EQ(choose_fields("From: a@b\r\nSubject: x\r\nX-Own: 1\r\nReceived: by c\r\n\r\n").names,
            "From:From:Reply-To:Subject:Subject:To:Cc:Date:Message-ID:In-Reply-To:References:"
            "MIME-Version:Content-Type:Content-Transfer-Encoding");
}

TEST(Signer, NamesListFieldsOnlyWhereTheyArePresent) {
  EXPECT_TRUE(choose_fields("From: a@b\r\nlist-unsubscribe: <mailto:u@b>\r\n\r\n")
                  .names.ends_with(":Content-Transfer-Encoding:List-Unsubscribe:List-Unsubscribe"));
}

TEST(Signer, TakesRepeatedFieldsFromTheBottom) {
  const auto fields = choose_fields("To: one\r\nFrom: a@b\r\nTO: two\r\n");
  EXPECT_EQ(fields.canonical, "from:a@b\r\nto:two\r\nto:one\r\n");
}

TEST(Signer, WritesTheFieldInLinesOf78Columns) {
  const auto field = sign(kMail.header, kMail.body, test::rsa());
  EXPECT_TRUE(field.starts_with(
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n"
      " t=1780000000; h=From:From:Reply-To:"))
      << field;
  EXPECT_TRUE(field.ends_with("\r\n"));
  std::string_view rest = field;
  for (auto end = rest.find("\r\n"); end != std::string_view::npos; end = rest.find("\r\n")) {
    EXPECT_LE(end, 78u) << rest.substr(0, end);
    EXPECT_NE(rest[end - 1], ' ');
    rest.remove_prefix(end + 2);
    EXPECT_TRUE(rest.empty() || rest.front() == ' ');
  }
  EXPECT_TRUE(rest.empty());
}

TEST(Signer, FoldsAroundADomainOfFullLength) {
  const std::string domain = std::string(63, 'a') + "." + std::string(63, 'b') + ".example";
  const auto field = Signer(domain, std::string(63, 's'), test::ed25519())
                         .sign(choose_fields(kMail.header), hash(kMail.body), kNow);
  EXPECT_NE(field.find("\r\n d=" + domain + ";\r\n s=" + std::string(63, 's') + ";\r\n t="),
            std::string::npos)
      << field;
  EXPECT_TRUE(passes(field + kMail.header + kMail.body));
}

TEST(Signer, NeverSaysHowLongTheBodyIs) {
  EXPECT_EQ(sign(kMail.header, kMail.body).find(" l="), std::string::npos);
}

struct Odd {
  const char* name;
  std::string header, body;
};

TEST(Signer, MakesSignaturesThatHoldForOddMessages) {
  const Odd cases[] = {
      {"folded", "From: a@example.com\r\nTo: a@b,\r\n\tc@d,\r\n  e@f\r\nSubject:\r\n x\r\n\r\n",
       "x\r\n"},
      {"empty body", kMail.header, ""},
      {"only empty lines", kMail.header, "\r\n\r\n\r\n"},
      {"no final CRLF", kMail.header, "no end"},
      {"white space at line ends", kMail.header, "a \t\r\n\r\n \t b\tc  \r\n \r\n"},
      {"repeated fields",
       "From: a@example.com\r\nTo: a@b\r\nTo: c@d\r\nSubject: 1\r\nSubject: 2\r\n\r\n", "x\r\n"},
      {"8 bit", "From: a@example.com\r\nSubject: gr\xC3\xBC\xC3\x9F \xFF\r\n\r\n",
       "\xE4\xF6\xFC\x80\r\n"},
      {"odd case and space", "FROM : a@example.com \r\nsubject:x\t \r\n\r\n", "x\r\n"},
      {"no fields but From", "From: a@example.com\r\n\r\n", "x\r\n"},
      {"no empty line", "From: a@example.com\r\nSubject: x\r\n", ""},
  };
  for (const auto& odd : cases)
    for (const auto* key : {&test::rsa(), &test::ed25519()})
      EXPECT_TRUE(passes(sign(odd.header, odd.body, *key) + odd.header + odd.body, *key))
          << odd.name << " " << to_string(key->algorithm());
}

TEST(Signer, SurvivesWhatRelaysMayDo) {
  EXPECT_TRUE(kMail.survives("Received: from x by y\r\n" + kMail.header, kMail.body));
  EXPECT_TRUE(kMail.survives(
      "From:  Anna\r\n <anna@example.com>\r\nTo: b@example.net\r\nSUBJECT: Hello \r\n\r\n",
      kMail.body));
  EXPECT_TRUE(kMail.survives(kMail.header, "Hello \r\n\r\n"));
}

TEST(Signer, DetectsTampering) {
  EXPECT_FALSE(kMail.survives(kMail.header, "Hallo\r\n"));
  EXPECT_FALSE(kMail.survives(kMail.header, "Hello\r\nBuy this\r\n"));
  EXPECT_FALSE(kMail.survives(
      "From: Eve <anna@example.com>\r\nTo: b@example.net\r\nSubject: Hello\r\n\r\n", kMail.body));
  EXPECT_FALSE(
      kMail.survives("From: Anna <anna@example.com>\r\nSubject: Hello\r\n\r\n", kMail.body));
}

TEST(Signer, LetsNobodyAddAFieldThatAReaderSees) {
  for (const std::string added :
       {"From: eve@example.net", "Subject: You won", "To: x@example.net", "Cc: x@example.net",
        "Reply-To: eve@example.net", "Date: Sat, 21 Nov 2026 09:13:07 +0000", "Message-ID: <x@y>",
        "In-Reply-To: <x@y>", "References: <x@y>", "MIME-Version: 1.0", "Content-Type: text/html",
        "Content-Transfer-Encoding: base64"}) {
    EXPECT_FALSE(kMail.survives(added + "\r\n" + kMail.header, kMail.body)) << added;
    const auto at_the_end = kMail.header.substr(0, kMail.header.size() - 2) + added + "\r\n\r\n";
    EXPECT_FALSE(kMail.survives(at_the_end, kMail.body)) << added;
  }
}

TEST(Signer, ProtectsUnsubscribing) {
  const Journey newsletter{lines({"From: a@example.com", "List-Unsubscribe: <https://e.example/u>",
                                  "List-Unsubscribe-Post: List-Unsubscribe=One-Click", ""}),
                           "x\r\n"};
  EXPECT_TRUE(newsletter.survives(newsletter.header, newsletter.body));
  EXPECT_FALSE(newsletter.survives(
      lines({"From: a@example.com", "List-Unsubscribe: <https://evil.example/u>",
             "List-Unsubscribe-Post: List-Unsubscribe=One-Click", ""}),
      newsletter.body));
  EXPECT_FALSE(newsletter.survives(
      "List-Unsubscribe: <https://evil.example/u>\r\n" + newsletter.header, newsletter.body));
}

TEST(Signer, GivesTheSameBytesForTheSameMessageAndTime) {
  // Both algorithms are deterministic: a re-sent message carries the same signature.
  EXPECT_EQ(sign(kMail.header, kMail.body), sign(kMail.header, kMail.body));
  EXPECT_EQ(sign(kMail.header, kMail.body, test::rsa()),
            sign(kMail.header, kMail.body, test::rsa()));
}

}  // namespace
}  // namespace postern::dkim

#include "transports/ses_message.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/crypto.hpp"

namespace postern::transports {
namespace {

// Cut as told, whatever the sizes.
class CutContent final : public Content {
 public:
  explicit CutContent(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  std::uint32_t chunks() const override { return static_cast<std::uint32_t>(pieces_.size()); }
  std::uint64_t size_bytes() const override { return whole().size(); }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override {
    return std::make_shared<const std::string>(pieces_.at(index));
  }
  std::string whole() const {
    std::string all;
    for (const std::string& piece : pieces_) all += piece;
    return all;
  }

 private:
  std::vector<std::string> pieces_;
};

std::string read(const Content& content) {
  std::string all;
  for (std::uint32_t i = 0; i < content.chunks(); ++i) all += *content.chunk(i);
  return all;
}

TEST(SesBody, IsTheSameHoweverTheContentIsCut) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> pieces(1 + random() % 5);
    for (std::string& piece : pieces)
      for (unsigned i = random() % 8; i > 0; --i) piece += static_cast<char>(random());
    const auto content = std::make_shared<CutContent>(pieces);
    const SesBody body("{before", pieces[0], content, "after}");
    const std::string expected = "{before" + crypto::to_base64(content->whole()) + "after}";
    ASSERT_EQ(read(body), expected);
    ASSERT_EQ(body.size_bytes(), expected.size());
    ASSERT_EQ(body.sha256(), crypto::to_hex(crypto::sha256(expected)));
    ASSERT_EQ(*body.chunk(body.chunks() - 1), *body.chunk(body.chunks() - 1)) << "read twice";
  }
}

TEST(SesBody, TakesTheHeadForTheFirstChunk) {
  const SesBody body("", "head", std::make_shared<CutContent>(std::vector<std::string>{"x", "yz"}),
                     "");
  EXPECT_EQ(crypto::from_base64(read(body)).value(), "headyz");
}

TEST(SesBody, KnowsWhetherItIsSevenBit) {
  const auto is_seven_bit = [](std::string first, std::string second) {
    return SesBody("", first, std::make_shared<CutContent>(std::vector{first, second}), "")
        .is_seven_bit();
  };
  EXPECT_TRUE(is_seven_bit(std::string("\0\x01\x7F", 3), "plain"));
  EXPECT_FALSE(is_seven_bit("gr\xC3\xBC\xC3\x9F", "plain"));
  EXPECT_FALSE(is_seven_bit("plain", "\x80"));
}

TEST(SesHeader, LosesForeignSignaturesAndWhatSesObeys) {
  EXPECT_EQ(ses_header("DKIM-Signature: v=1;\r\n\tb=x\r\nFrom: a@b\r\n"
                       "X-SES-CONFIGURATION-SET: evil\r\ndkim-signature: v=1\r\n"
                       "x-ses-message-tags: a=b\r\nX-Session: kept\r\nDKIM-Signature-Not: kept\r\n"
                       "\r\n"),
            "From: a@b\r\nX-Session: kept\r\nDKIM-Signature-Not: kept\r\n\r\n");
}

TEST(SesHeader, KeepsEveryOtherByte) {
  const std::string odd = "From: a@b\r\nSubject:\r\n  folded\t\r\nX-Latin: gr\xfc\xdf\r\n\r\n";
  EXPECT_EQ(ses_header(odd), odd);
  EXPECT_EQ(ses_header("From: a@b\r\nno field at all\r\nDKIM-Signature: x\r\n\r\n"),
            "From: a@b\r\nno field at all\r\nDKIM-Signature: x\r\n\r\n")
      << "what cannot be read is left alone";
}

TEST(SesSigning, LeavesOutWhatSesRewrites) {
  const dkim::SignedFields fields = dkim::choose_fields(
      "From: a@b\r\nMessage-ID: <1@b>\r\nDate: today\r\nSubject: x\r\nFeedback-ID: f\r\n\r\n",
      ses_signing().rewritten);
  for (const char* name : {"Message-ID", "Date", "Return-Path", "Bounces-To", "Feedback-ID"})
    EXPECT_EQ(fields.names.find(name), std::string::npos) << name;
  EXPECT_NE(fields.names.find("From:From:"), std::string::npos);
  EXPECT_NE(fields.names.find("Subject:Subject"), std::string::npos);
  EXPECT_TRUE(ses_signing().one_rsa);
}

}  // namespace
}  // namespace postern::transports

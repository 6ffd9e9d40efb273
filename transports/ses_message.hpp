#pragma once
// The message as SES may have it, and the body of SendEmail around it. Used by the ses transport;
// smtp transports of the preset "ses" share the rules about signatures. Pure but for reading.
//
// SES replaces Message-ID, Date and Return-Path, refuses a second DKIM-Signature and obeys X-SES-*
// fields: https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-manual.html
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "dkim/signer.hpp"

namespace postern::transports {

/// How to sign what SES relays: one rsa-sha256 signature, none of the fields that it rewrites.
dkim::Limits ses_signing();

/// `header` less its DKIM-Signature and X-SES-* fields.
std::string ses_header(std::string_view header);

/// JSON with the message in base64, made chunk by chunk while it is read: memory does not grow with
/// the message. Immutable once made, so any thread may read.
class SesBody final : public Content {
 public:
  /// Reads `content` once, for digest and length; throws when the store does. `head` stands for its
  /// first chunk; `before` and `after` are the JSON around the base64.
  SesBody(std::string before, std::string head, std::shared_ptr<const Content> content,
          std::string after);

  std::uint32_t chunks() const override { return content_->chunks(); }
  std::uint64_t size_bytes() const override { return size_bytes_; }
  std::shared_ptr<const std::string> chunk(std::uint32_t index) const override;

  /// Hex, of all bytes.
  const std::string& sha256() const { return sha256_; }
  /// The message has no byte above 0x7F.
  bool is_seven_bit() const { return is_seven_bit_; }

 private:
  std::string source(std::uint32_t index) const;
  std::string encode(std::string source, bool is_first, bool is_last) const;

  const std::string before_;
  const std::string head_;
  const std::shared_ptr<const Content> content_;
  const std::string after_;
  // By chunk: the last bytes of the one before, which make no whole group of three there.
  std::vector<std::string> carried_;
  std::uint64_t size_bytes_ = 0;
  std::string sha256_;
  bool is_seven_bit_ = true;
};

}  // namespace postern::transports

#include "transports/ses_message.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "mail/headers.hpp"

namespace postern::transports {
namespace {

// Feedback-ID: SES puts its own above ours.
constexpr std::array<std::string_view, 5> kRewritten{"Message-ID", "Date", "Return-Path",
                                                     "Bounces-To", "Feedback-ID"};

bool must_not_reach_ses(std::string_view name) {
  return iequals(name, "DKIM-Signature") || istarts_with(name, "X-SES-");
}

bool has_high_bytes(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x7F; });
}

}  // namespace

dkim::Limits ses_signing() {
  return {.rewritten = kRewritten, .one_rsa = true};
}

std::string ses_header(std::string_view header) {
  mail::HeaderFacts facts;
  for (std::string_view rest = header; !rest.empty() && !rest.starts_with("\r\n");) {
    const auto field = mail::take_field(rest);
    if (!field) break;
    if (must_not_reach_ses(field->name)) facts.removed.push_back(field->raw);
  }
  std::string kept;
  kept.reserve(header.size());
  mail::append_kept_fields(kept, header, facts);
  return kept;
}

SesBody::SesBody(std::string before, std::string head, std::shared_ptr<const Content> content,
                 std::string after)
    : before_(std::move(before)),
      head_(std::move(head)),
      content_(std::move(content)),
      after_(std::move(after)) {
  crypto::Sha256 hash;
  std::string carried;
  const std::uint32_t count = chunks();
  for (std::uint32_t index = 0; index < count; ++index) {
    carried_.push_back(carried);
    std::string bytes = source(index);
    is_seven_bit_ = is_seven_bit_ && !has_high_bytes(bytes);
    carried = bytes.substr(bytes.size() - bytes.size() % 3);
    const std::string encoded = encode(std::move(bytes), index == 0, index + 1 == count);
    hash.update(encoded);
    size_bytes_ += encoded.size();
  }
  sha256_ = crypto::to_hex(hash.finish());
}

std::shared_ptr<const std::string> SesBody::chunk(std::uint32_t index) const {
  return std::make_shared<const std::string>(
      encode(source(index), index == 0, index + 1 == chunks()));
}

std::string SesBody::source(std::uint32_t index) const {
  return carried_.at(index) + (index == 0 ? head_ : *content_->chunk(index));
}

std::string SesBody::encode(std::string source, bool is_first, bool is_last) const {
  if (!is_last) source.resize(source.size() - source.size() % 3);
  std::string encoded = is_first ? before_ : std::string();
  encoded += crypto::to_base64(source);
  if (is_last) encoded += after_;
  return encoded;
}

}  // namespace postern::transports

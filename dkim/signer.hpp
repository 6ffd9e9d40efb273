#pragma once
// Makes DKIM-Signature fields (RFC 6376, RFC 8463): relaxed/relaxed, no l=, no i=. Called by
// dkim/keyring. Pure but for the key; immutable, so any thread may sign.
//
// Every signed field is named once more than it occurs (RFC 6376 section 8.15): a second From or
// Subject put above the first breaks the signature instead of being shown to the reader.
#include <span>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "dkim/key.hpp"

namespace postern::dkim {

/// What a next hop leaves of our signatures; the default: everything.
struct Limits {
  std::span<const std::string_view> rewritten{};  // fields that it replaces: never signed
  bool one_rsa = false;                           // takes one signature, and only rsa-sha256
};

/// What all signatures of one message share: which fields, and their canonical bytes.
struct SignedFields {
  std::string names;      // for h=, colon-separated
  std::string canonical;  // relaxed, in the order of names
};

/// `header_block`: CRLF lines, with or without the empty line that ends it. `rewritten`: as in
/// Limits.
SignedFields choose_fields(std::string_view header_block,
                           std::span<const std::string_view> rewritten = {});

class Signer {
 public:
  Signer(std::string domain, std::string selector, PrivateKey key)
      : domain_(std::move(domain)), selector_(std::move(selector)), key_(std::move(key)) {}

  Algorithm algorithm() const { return key_.algorithm(); }
  /// "DKIM-Signature: ...\r\n", folded at 78 columns. `body_hash`: SHA-256 (32 raw bytes) of the
  /// relaxed body.
  std::string sign(const SignedFields& fields, std::string_view body_hash, Time now) const;

 private:
  std::string domain_;
  std::string selector_;
  PrivateKey key_;
};

}  // namespace postern::dkim

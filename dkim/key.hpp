#pragma once
// DKIM keys over OpenSSL: private ones to sign with, public ones as they stand in DNS. A key is
// parsed once and then only read, so one object may serve every thread. Input that is no key is a
// Result; OpenSSL itself failing throws.
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace postern::dkim {

enum class Algorithm {
  rsa_sha256,      // RFC 6376 section 3.3.2
  ed25519_sha256,  // RFC 8463
};

/// As in a=: "rsa-sha256".
std::string_view to_string(Algorithm algorithm);

/// What verifiers must take (RFC 8301 section 3.2); 2048 is what fits every DNS host.
constexpr int kMinRsaBits = 1024;
constexpr int kMaxRsaBits = 4096;
constexpr int kRsaBits = 2048;

class PrivateKey {
 public:
  /// PEM, unencrypted: PKCS#8, or PKCS#1 for RSA.
  static Result<PrivateKey> load(std::string_view pem);
  /// RSA of kRsaBits, or Ed25519.
  static PrivateKey generate(Algorithm algorithm);

  Algorithm algorithm() const { return algorithm_; }
  /// The raw signature of SHA-256 of `bytes`.
  std::string sign(std::string_view bytes) const;
  /// PKCS#8 PEM: keep it secret.
  std::string to_pem() const;
  /// "v=DKIM1; k=rsa; p=...": the TXT record's text.
  std::string record() const;

 private:
  PrivateKey(std::shared_ptr<EVP_PKEY> key, Algorithm algorithm)
      : key_(std::move(key)), algorithm_(algorithm) {}
  std::shared_ptr<EVP_PKEY> key_;
  Algorithm algorithm_;
};

class PublicKey {
 public:
  /// From a TXT record's text (RFC 6376 section 3.6.1). Error: malformed, revoked (empty p=),
  /// not for e-mail, or a kind of key that is not known here.
  static Result<PublicKey> parse_record(std::string_view record);

  Algorithm algorithm() const { return algorithm_; }
  /// t=s: i= of a signature must name the very domain of d=.
  bool strict() const { return strict_; }
  bool verifies(std::string_view bytes, std::string_view signature) const;

 private:
  PublicKey(std::shared_ptr<EVP_PKEY> key, Algorithm algorithm, bool strict)
      : key_(std::move(key)), algorithm_(algorithm), strict_(strict) {}
  std::shared_ptr<EVP_PKEY> key_;
  Algorithm algorithm_;
  bool strict_;
};

/// Fit for d= and s=, and a name in DNS: letters, digits, "-", "_" and inner dots, at most 253.
bool is_dns_name(std::string_view name);

/// A TXT record in master-file form; a string in DNS holds at most 255 bytes, so a long text
/// becomes several: selector._domainkey.example.com. IN TXT ( "v=DKIM1; ..." "..." )
std::string zone_line(std::string_view domain, std::string_view selector, std::string_view record);

}  // namespace postern::dkim

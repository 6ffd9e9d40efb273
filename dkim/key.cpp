#include "dkim/key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>

#include "core/crypto.hpp"
#include "core/handle.hpp"
#include "core/text.hpp"
#include "dkim/tags.hpp"

namespace postern::dkim {
namespace {

constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kDnsStringBytes = 255;  // RFC 1035 section 3.3

using Bio = Handle<BIO, BIO_free_all>;
using DigestContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void check(bool worked, const char* what) {
  if (!worked) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

std::shared_ptr<EVP_PKEY> share(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

// A wrong key leaves entries in the thread's error queue that a later TLS call would take for its
// own.
struct ErrorQueueGuard {
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

/// What somebody may have taken for the key.
std::string what_instead(std::string_view pem) {
  if (pem.find("ENCRYPTED") != std::string_view::npos) return ": it asks for a pass phrase";
  if (pem.find("PUBLIC KEY-") != std::string_view::npos) return ": it is the public one";
  if (pem.find("CERTIFICATE-") != std::string_view::npos) return ": it is a certificate";
  if (pem.find("-----BEGIN") == std::string_view::npos && pem.find('/') != std::string_view::npos &&
      pem.find('\n') == std::string_view::npos)
    return "; for one in a file write { file = \"PATH\" }";
  return {};
}

Result<Algorithm> algorithm_of(const EVP_PKEY& key) {
  const int type = EVP_PKEY_get_base_id(&key);
  if (type == EVP_PKEY_ED25519) return Algorithm::ed25519_sha256;
  if (type != EVP_PKEY_RSA) return Error{"neither an RSA nor an Ed25519 key"};
  const int bits = EVP_PKEY_get_bits(&key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits)
    return Error{"an RSA key of " + std::to_string(bits) + " bits; 1024 to 4096 are allowed"};
  return Algorithm::rsa_sha256;
}

// RSA signs the digest itself; Ed25519 signs the 32 bytes of the SHA-256 as its message (RFC 8463
// section 3).
struct Signable {
  Signable(Algorithm algorithm, std::string_view bytes)
      : text(algorithm == Algorithm::ed25519_sha256 ? crypto::sha256(bytes) : std::string{}),
        view(algorithm == Algorithm::ed25519_sha256 ? std::string_view(text) : bytes),
        digest(algorithm == Algorithm::ed25519_sha256 ? nullptr : EVP_sha256()) {}
  std::string text;
  std::string_view view;
  const EVP_MD* digest;
};

std::shared_ptr<EVP_PKEY> decode_rsa(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  if (EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()))) return share(key);
  // RFC 6376 speaks of RSAPublicKey where everybody publishes SubjectPublicKeyInfo: take both.
  at = bytes_of(der);
  return share(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
}

bool lists(std::string_view colon_list, std::string_view word) {
  for (const std::string_view item : split(colon_list, ':'))
    if (iequals(trim(item), word)) return true;
  return false;
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  return algorithm == Algorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

Result<PrivateKey> PrivateKey::load(std::string_view pem) {
  const ErrorQueueGuard guard;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  check(bio != nullptr, "BIO_new_mem_buf");
  auto key = share(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!key) return Error{"not an unencrypted private key in PEM" + what_instead(pem)};
  const auto algorithm = algorithm_of(*key);
  if (!algorithm) return algorithm.error();
  return PrivateKey(std::move(key), *algorithm);
}

PrivateKey PrivateKey::generate(Algorithm algorithm) {
  EVP_PKEY* key = algorithm == Algorithm::rsa_sha256
                      ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{kRsaBits})
                      : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  check(key != nullptr, "key generation");
  return PrivateKey(share(key), algorithm);
}

std::string PrivateKey::sign(std::string_view bytes) const {
  const Signable what(algorithm_, bytes);
  const DigestContext context(EVP_MD_CTX_new());
  check(
      context && EVP_DigestSignInit(context.get(), nullptr, what.digest, nullptr, key_.get()) == 1,
      "signature init");
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t length = signature.size();
  check(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                       bytes_of(what.view), what.view.size()) == 1,
        "signature");
  signature.resize(length);
  return signature;
}

std::string PrivateKey::to_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  check(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) == 1,
        "PEM");
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string PrivateKey::record() const {
  if (algorithm_ == Algorithm::ed25519_sha256) {
    std::string raw(kEd25519Bytes, '\0');
    std::size_t length = raw.size();
    check(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                      &length) == 1,
          "raw public key");
    return "v=DKIM1; k=ed25519; p=" + crypto::to_base64(raw);
  }
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key_.get(), &der);
  check(length > 0, "public key");
  const std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return "v=DKIM1; k=rsa; p=" + crypto::to_base64(bytes);
}

Result<PublicKey> PublicKey::parse_record(std::string_view record) {
  const ErrorQueueGuard guard;
  const auto parsed = parse_tags(record);
  if (!parsed) return parsed.error();
  const Tags& tags = *parsed;
  if (tag(tags, "v", "DKIM1") != "DKIM1") return Error{"not a DKIM1 key record"};
  const auto service = tag(tags, "s", "*");
  if (!lists(service, "*") && !lists(service, "email")) return Error{"the key is not for e-mail"};
  if (!lists(tag(tags, "h", "sha256"), "sha256")) return Error{"the key is not for SHA-256"};
  if (!tags.contains("p")) return Error{"the key record has no p="};
  const auto encoded = without_space(tag(tags, "p"));
  if (encoded.empty()) return Error{"the key is revoked"};
  const auto bytes = crypto::from_base64(encoded);
  if (!bytes) return Error{"p= of the key record is not base64"};

  const auto kind = tag(tags, "k", "rsa");
  std::shared_ptr<EVP_PKEY> key;
  if (kind == "rsa")
    key = decode_rsa(*bytes);
  else if (kind != "ed25519")
    return Error{"unknown kind of key: " + escape(kind, 60)};
  else if (bytes->size() == kEd25519Bytes)
    key = share(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*bytes), bytes->size()));
  if (!key) return Error{"p= of the key record is no key"};
  const auto algorithm = algorithm_of(*key);
  if (!algorithm) return algorithm.error();
  return PublicKey(std::move(key), *algorithm, lists(tag(tags, "t"), "s"));
}

bool PublicKey::verifies(std::string_view bytes, std::string_view signature) const {
  const ErrorQueueGuard guard;
  const Signable what(algorithm_, bytes);
  const DigestContext context(EVP_MD_CTX_new());
  check(context &&
            EVP_DigestVerifyInit(context.get(), nullptr, what.digest, nullptr, key_.get()) == 1,
        "verification init");
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(what.view),
                          what.view.size()) == 1;
}

bool is_dns_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.size() <= 253 && name.front() != '.' && name.back() != '.' &&
         to_lower(name).find_first_not_of(kAllowed) == std::string::npos;
}

std::string zone_line(std::string_view domain, std::string_view selector, std::string_view record) {
  std::string line(selector);
  line += "._domainkey.";
  line += domain;
  line += ". IN TXT (";
  for (; !record.empty(); record.remove_prefix(std::min(record.size(), kDnsStringBytes)))
    line.append(" \"").append(record.substr(0, kDnsStringBytes)).append("\"");
  return line + " )";
}

}  // namespace postern::dkim

#pragma once
// Keys of the DKIM tests, made once a run: RSA takes its time.
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string>

#include "core/handle.hpp"
#include "dkim/key.hpp"

namespace postern::dkim::test {

inline const PrivateKey& rsa() {
  static const PrivateKey key = PrivateKey::generate(Algorithm::rsa_sha256);
  return key;
}
inline const PrivateKey& ed25519() {
  static const PrivateKey key = PrivateKey::generate(Algorithm::ed25519_sha256);
  return key;
}

/// PEM of what PrivateKey::generate() would not make.
inline std::string pem_of(EVP_PKEY* key, bool pkcs1 = false) {
  const Handle<EVP_PKEY, EVP_PKEY_free> owner(key);
  const Handle<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
  if (pkcs1)
    PEM_write_bio_PrivateKey_traditional(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  else
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}
inline EVP_PKEY* rsa_of(std::size_t bits) {
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits);
}

}  // namespace postern::dkim::test

#include "core/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <string>

#include "core/handle.hpp"

namespace postern {
namespace {

using Bio = Handle<BIO, BIO_free_all>;
using Certificate = Handle<X509, X509_free>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;

constexpr int kLeastSecurityBits = 112;  // RSA of 2048 bits

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key behind a passphrase must not make the daemon ask for it on a terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Certificate next_certificate(BIO* bio) {
  return Certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
}

// Whether reading stopped because there is no further PEM block.
bool at_end() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

Time time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return Time(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

Result<CertificateFacts> inspect_certificate(std::string_view chain_pem) {
  const Bio bio = bio_of(chain_pem);
  const Certificate own = next_certificate(bio.get());
  if (!own)
    return Error{at_end() ? "holds no PEM certificate" : "holds a certificate that is damaged"};
  while (next_certificate(bio.get())) {
  }
  if (!at_end()) return Error{"holds a certificate that is damaged"};

  EVP_PKEY* const key = X509_get0_pubkey(own.get());
  if (key == nullptr) return Error{"is for a kind of key that is not known"};
  if (EVP_PKEY_get_security_bits(key) < kLeastSecurityBits)
    return Error{"has a key of only " + std::to_string(EVP_PKEY_get_bits(key)) +
                 " bits; clients want RSA of 2048 bits or more, or ECDSA"};
  return CertificateFacts{time_of(X509_get0_notBefore(own.get())),
                          time_of(X509_get0_notAfter(own.get()))};
}

std::optional<Error> check_key(std::string_view chain_pem, std::string_view key_pem) {
  bool is_locked = false;
  const Bio bio = bio_of(key_pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &is_locked));
  ERR_clear_error();
  if (is_locked) return Error{"is behind a passphrase; the daemon needs it without"};
  if (!key) return Error{"holds no PEM private key"};
  const Bio chain = bio_of(chain_pem);
  const Certificate own = next_certificate(chain.get());
  const bool fits = own && X509_check_private_key(own.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) return Error{"does not belong to the certificate"};
  return std::nullopt;
}

}  // namespace postern

#pragma once
// A TLS certificate and its key as PEM text: what the configuration must know before a listener
// may use them. Pure; used by config/ (at start, on reload, by `config check`).
#include <optional>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace postern {

struct CertificateFacts {
  Time not_before{};
  Time not_after{};
};

/// The first certificate of a chain, the server's own. Error: there is none, a later one is broken,
/// or its key is too short for anybody to trust (below 112 bits of security, NIST SP 800-57).
Result<CertificateFacts> inspect_certificate(std::string_view chain_pem);

/// What is wrong with the key (not PEM, behind a passphrase, of another certificate); nullopt: it
/// is the certificate's.
std::optional<Error> check_key(std::string_view chain_pem, std::string_view key_pem);

}  // namespace postern

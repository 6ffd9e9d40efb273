#pragma once
// Which key signs which message: the keys of every [[domain]], parsed once. Built at start and on
// reload; read-only afterwards, so any thread may sign (about 0.5 ms of CPU for RSA-2048).
// Used by transports that relay mail unsigned (dkim = "relay").
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "core/result.hpp"
#include "dkim/signer.hpp"

namespace postern::config {
struct DkimKey;
struct Domain;
}  // namespace postern::config

namespace postern::dkim {

/// Why a domain's key cannot sign: it is no private key, or not one that verifiers take, or its
/// names are none in DNS. nullopt: it can. For whoever checks a configuration.
std::optional<std::string> complaint_of(const std::string& domain, const config::DkimKey& entry);

class Keyring {
 public:
  /// Error: which key of which domain is bad, and why. Keys of "*" are refused: there is no domain
  /// that they could truthfully sign for.
  static Result<Keyring> build(const std::vector<config::Domain>& domains);

  /// The DKIM-Signature fields to put before the message, one per selector; empty when no key
  /// stands for its domain. The signing domain is the From header's when it is the sender's, its
  /// parent or its subdomain (so that DMARC aligns), else message.sender_domain. Streams the
  /// content when message.body_hash is unknown; throws when the store does.
  std::string signatures(const Message& message, const Content& content, Time now,
                         const Limits& limits = {}) const;

  bool empty() const { return signers_.empty(); }
  /// Domains that have keys, none of which is RSA.
  std::vector<std::string> domains_without_rsa() const;
  bool signs_for(std::string_view domain) const { return signers_.find(domain) != signers_.end(); }

 private:
  const std::vector<Signer>* choose(std::string_view sender_domain,
                                    std::string_view header_block) const;

  std::map<std::string, std::vector<Signer>, std::less<>> signers_;  // by lower-case domain
};

}  // namespace postern::dkim

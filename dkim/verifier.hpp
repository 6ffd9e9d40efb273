#pragma once
// Checks the DKIM signatures of a message (RFC 6376 section 6). Used by `postern dkim verify`; mail
// in transit is never verified here. Pure: the caller looks keys up. Never throws on input.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace postern::dkim {

/// The TXT record's text at selector._domainkey.domain, its strings joined; Error: none, or why
/// not.
using KeyLookup =
    std::function<Result<std::string>(const std::string& selector, const std::string& domain)>;

/// What became of one DKIM-Signature.
struct Verdict {
  std::string domain;
  std::string selector;
  std::string algorithm;
  bool passed = false;
  std::string why;  // of a failure, one sentence
};

/// One per DKIM-Signature, top to bottom; empty: the message is not signed. `message`: CRLF lines.
/// SHA-1 and l= (a body that may grow) count as failures, as RFC 8301 and prudence have it.
std::vector<Verdict> verify(std::string_view message, const KeyLookup& look_up, Time now);

}  // namespace postern::dkim

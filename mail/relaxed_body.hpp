#pragma once
// The DKIM body hash under relaxed canonicalisation (RFC 6376 section 3.4.4), computed while the
// body arrives: white space collapses, trailing white space and trailing empty lines do not count.
// Used by smtpd while receiving and by dkim when signing or verifying. Memory is constant, time is
// linear, and the result does not depend on how the bytes are cut. Line ends are CRLF; a CR or LF
// on its own counts as an ordinary byte.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/crypto.hpp"

namespace postern::mail {

class RelaxedBodyHash {
 public:
  void update(std::string_view body);
  /// SHA-256, 32 raw bytes; the object is spent. An empty body hashes as no bytes at all.
  std::string finish();

 private:
  void emit(std::string_view run);
  void emit_gap();

  crypto::Sha256 hash_;
  std::uint64_t line_ends_ = 0;  // seen, but empty lines at the end do not count
  bool space_ = false;           // white space seen, but at the end of a line it does not count
  bool cr_ = false;              // a CR whose LF may be in the next piece
  bool empty_ = true;            // nothing hashed yet
};

}  // namespace postern::mail

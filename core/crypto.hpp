#pragma once
// Digests and encodings over OpenSSL for everybody but DKIM's keys. Pure; throws only when OpenSSL
// itself is broken.
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace postern::crypto {

std::string sha256(std::string_view bytes);                             // 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 raw bytes
std::string to_hex(std::string_view bytes);                             // lower case
std::string to_base64(std::string_view bytes);                          // padded, no line breaks
Result<std::string> from_base64(std::string_view text);                 // strict: padded, no space
bool equal_in_constant_time(std::string_view a, std::string_view b);
std::string random_bytes(std::size_t count);

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::string finish();  // 32 raw bytes; the object is spent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::crypto

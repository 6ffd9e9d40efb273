#include "net/http_client.hpp"

#include <array>

namespace postern::net {

std::string_view to_string(HttpFailure failure) {
  static constexpr std::array<std::string_view, 10> kWords{
      "none",   "resolve",  "connect", "tls",    "timeout",
      "broken", "response", "content", "closed", "request"};
  return kWords.at(static_cast<std::size_t>(failure));
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                            (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace postern::net

#include "mail/xtext.hpp"

#include <algorithm>
#include <cstdint>

#include "core/text.hpp"

namespace postern::mail {
namespace {

constexpr std::size_t kMaxEnvelopeIdBytes = 100;         // RFC 3461 section 4.4
constexpr std::size_t kMaxOriginalRecipientBytes = 500;  // RFC 3461 section 4.2

// Upper case only, as the grammar has it.
std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\t' || (c >= ' ' && c < 0x7F); });
}

// atom of RFC 5322: the type of an address.
bool is_type(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  });
}

// UTF-8 of one code point that needs an embedded form: no ASCII letter hides in "\x{...}".
std::optional<std::string> encode_point(std::uint32_t point) {
  std::string out;
  if (point < 0x80 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return std::nullopt;
  const auto tail = [&out](std::uint32_t bits) { out += static_cast<char>(0x80 | (bits & 0x3F)); };
  if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    tail(point >> 6);
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    tail(point >> 12);
    tail(point >> 6);
  }
  tail(point);
  return out;
}

// "\x{HEX}" (EmbeddedUnicodeChar of RFC 6533 section 3) becomes the character; of the ASCII ones
// only the backslash may be written so.
std::optional<std::string> with_points(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (!text.starts_with("\\x{")) {
      if (text.front() == '\\') return std::nullopt;
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('}');
    if (end == std::string_view::npos || end < 5 || end > 9) return std::nullopt;
    std::uint32_t point = 0;
    for (const char c : text.substr(3, end - 3)) {
      const auto digit = hex_digit(c);
      if (!digit) return std::nullopt;
      point = point << 4 | *digit;
    }
    const auto bytes = point == '\\' ? std::optional<std::string>("\\") : encode_point(point);
    if (!bytes) return std::nullopt;
    out += *bytes;
    text.remove_prefix(end + 1);
  }
  return out;
}

// The address that a value of type utf-8 stands for, in either of its forms.
std::optional<std::string> decode_utf8(std::string_view value) {
  if (!is_utf8(value)) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '+') {
      if (value[i] == '=' || (value[i] >= 0 && value[i] <= ' ') || value[i] == 0x7F)
        return std::nullopt;
      bytes += value[i];
      continue;
    }
    const auto one = from_xtext(value.substr(i, 3));
    if (!one || one->size() != 1) return std::nullopt;
    bytes += *one;
    i += 2;
  }
  auto text = with_points(bytes);
  if (!text || !is_utf8(*text)) return std::nullopt;
  return text;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

// The code points of UTF-8 that is known to be well-formed.
std::string with_escapes(std::string_view utf8) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      out += utf8[i++];
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    std::uint32_t point = lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k)
      point = point << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
    std::string digits;
    for (; point > 0; point >>= 4) digits.insert(digits.begin(), kHex[point & 15]);
    out += "\\x{" + digits + "}";
    i += length;
  }
  return out;
}

}  // namespace

std::optional<std::string> from_xtext(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] <= ' ' || text[i] >= 0x7F || text[i] == '=') return std::nullopt;
    if (text[i] != '+') {
      bytes += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return bytes;
}

bool is_envelope_id(std::string_view text) {
  if (text.empty() || text.size() > kMaxEnvelopeIdBytes) return false;
  const auto bytes = from_xtext(text);
  return bytes && is_printable(*bytes);
}

bool is_original_recipient(std::string_view text, bool smtputf8) {
  const auto semicolon = text.find(';');
  if (text.size() > kMaxOriginalRecipientBytes || semicolon == std::string_view::npos) return false;
  const std::string_view type = text.substr(0, semicolon);
  const std::string_view address = text.substr(semicolon + 1);
  if (!is_type(type) || address.empty()) return false;
  if (iequals(type, "utf-8"))
    return (smtputf8 || is_ascii(address)) && decode_utf8(address).has_value();
  const auto bytes = from_xtext(address);
  return bytes && is_printable(*bytes);
}

std::string to_original_recipient_field(std::string_view orcpt, bool utf8) {
  const std::string_view type = orcpt.substr(0, orcpt.find(';'));
  const std::string_view address = orcpt.substr(std::min(type.size() + 1, orcpt.size()));
  const auto decoded = iequals(type, "utf-8") ? decode_utf8(address) : from_xtext(address);
  std::string value = decoded.value_or(std::string(address));
  if (!utf8 && !is_ascii(value)) value = with_escapes(value);
  return std::string(type) + "; " + value;
}

}  // namespace postern::mail

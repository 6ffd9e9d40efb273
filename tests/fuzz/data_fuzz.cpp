// DATA framing against a slow reference that sees the whole stream at once: same end, same verdict,
// same content, however the bytes are cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/data.hpp"

namespace {

using postern::mail::DataFraming;
using postern::mail::FramingFault;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Framed {
  bool done = false;
  std::size_t taken = 0;
  bool faulty = false;
  std::string content;
  friend bool operator==(const Framed&, const Framed&) = default;
};

// RFC 5321 read aloud: the end is the first CRLF.CRLF, the CRLF before the first line counting; in
// a sound message CR and LF come in pairs only; a dot that begins a line goes.
Framed reference(std::string_view wire) {
  const std::string text = "\r\n" + std::string(wire);
  const auto end = text.find("\r\n.\r\n");
  Framed framed;
  framed.done = end != std::string::npos;
  framed.taken = framed.done ? end + 3 : wire.size();
  if (!framed.done) return framed;
  std::string_view lines = std::string_view(text).substr(2, end);
  while (!lines.empty()) {
    const auto line_end = lines.find("\r\n");
    std::string_view line = lines.substr(0, line_end);
    lines.remove_prefix(line_end + 2);
    if (line.starts_with('.')) line.remove_prefix(1);
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
      framed.faulty = true;
    if (line.size() + 1 > DataFraming::kMaxLineBytes) framed.faulty = true;
    framed.content.append(line).append("\r\n");
  }
  if (framed.faulty) framed.content.clear();
  return framed;
}

Framed framed_in_pieces(std::string_view wire, std::size_t first, std::size_t step) {
  DataFraming framing;
  Framed framed;
  for (std::size_t at = 0; at < wire.size() && !framing.done();) {
    const std::size_t piece = at == 0 && first > 0 ? first : step;
    const std::size_t before = framed.content.size();
    const std::size_t taken = framing.take(wire.substr(at, piece), &framed.content);
    require(framed.content.size() - before <= taken);
    require(framing.done() || taken == std::min(piece, wire.size() - at));
    at += taken;
    framed.taken = at;
  }
  framed.done = framing.done();
  if (!framed.done) {
    framed.content.clear();
    return framed;
  }
  framed.faulty = framing.fault() != FramingFault::none;
  if (framed.faulty) framed.content.clear();
  return framed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t first = data[0];
  const std::string_view wire(reinterpret_cast<const char*>(data + 1), size - 1);
  const Framed expected = reference(wire);
  require(framed_in_pieces(wire, 0, std::string_view::npos) == expected);
  require(framed_in_pieces(wire, first, std::string_view::npos) == expected);
  require(framed_in_pieces(wire, first, 1) == expected);
  return 0;
}

#include "net/http_head.hpp"

#include "core/text.hpp"

namespace postern::net {
namespace {

constexpr HeadCheck kMalformed{HeadCheck::Verdict::malformed, 0};

// Only CRLF ends a line; a lone CR or LF, or a NUL, is how requests are smuggled past a parser.
bool has_stray_control(std::string_view text) {
  for (std::size_t i = text.find_first_of(std::string_view("\0\r\n", 3));
       i != std::string_view::npos; i = text.find_first_of(std::string_view("\0\r\n", 3), i + 1)) {
    if (text[i] == '\r' && i + 1 == text.size()) return false;  // its LF may still be on the way
    if (text[i] != '\r' || text[i + 1] != '\n') return true;
    ++i;
  }
  return false;
}

struct Framing {
  int hosts = 0, lengths = 0, encodings = 0;
};

// False: the line alone is reason enough to refuse.
bool note_field(std::string_view line, Framing& framing) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t') return false;
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (iequals(name, "host")) return ++framing.hosts == 1;
  if (iequals(name, "content-length")) return ++framing.lengths == 1 && parse_number(value);
  if (iequals(name, "transfer-encoding"))
    return ++framing.encodings == 1 && iequals(value, "chunked");
  return true;
}

}  // namespace

HeadCheck check_head(std::string_view received) {
  const auto end = received.find("\r\n\r\n");
  const bool is_whole = end != std::string_view::npos;
  if (has_stray_control(received.substr(0, is_whole ? end + 4 : end))) return kMalformed;
  if (received.starts_with("\r\n")) return kMalformed;
  if (!is_whole) return {};

  std::string_view rest = received.substr(0, end);
  const std::string_view request_line = rest.substr(0, rest.find("\r\n"));
  rest.remove_prefix(request_line.size());
  Framing framing;
  while (!rest.empty()) {
    rest.remove_prefix(2);
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    if (!note_field(line, framing)) return kMalformed;
    rest.remove_prefix(line.size());
  }
  const bool old = request_line.ends_with(" HTTP/1.0");
  if (framing.lengths + framing.encodings > 1 || (old && framing.encodings > 0)) return kMalformed;
  if (framing.hosts == 0 && !old) return kMalformed;
  return {HeadCheck::Verdict::whole, end + 4};
}

}  // namespace postern::net

#include "dkim/canonicalize.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace postern::dkim {
namespace {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// End of the field that starts at `begin`: after the first CRLF that no white space follows.
std::size_t field_end(std::string_view block, std::size_t begin) {
  for (auto at = block.find("\r\n", begin); at != std::string_view::npos;
       at = block.find("\r\n", at + 2)) {
    const auto next = at + 2;
    if (next == block.size() || !is_space(block[next])) return next;
  }
  return block.size();
}

}  // namespace

std::vector<Field> split_fields(std::string_view header_block) {
  std::vector<Field> fields;
  for (std::size_t begin = 0; begin < header_block.size();) {
    if (header_block.substr(begin, 2) == "\r\n") break;
    const auto end = field_end(header_block, begin);
    const auto text = header_block.substr(begin, end - begin);
    if (const auto colon = text.find(':'); colon != std::string_view::npos)
      fields.push_back({trim(text.substr(0, colon)), text});
    begin = end;
  }
  return fields;
}

std::string relaxed(std::string_view field) {
  const bool ends_line = field.ends_with("\r\n");
  if (ends_line) field.remove_suffix(2);
  const auto colon = std::min(field.find(':'), field.size());
  std::string out = to_lower(trim(field.substr(0, colon)));
  out.reserve(field.size() + 3);
  if (colon < field.size()) {
    out += ':';
    field.remove_prefix(colon + 1);
    const auto value_begin = out.size();
    bool space = false;
    for (std::size_t i = 0; i < field.size(); ++i) {
      if (is_space(field[i])) {
        space = true;
      } else if (field.substr(i, 2) == "\r\n") {
        ++i;  // unfolded: the white space after it counts, the line end does not
      } else {
        if (space && out.size() > value_begin) out += ' ';
        space = false;
        out += field[i];
      }
    }
  }
  if (ends_line) out += "\r\n";
  return out;
}

std::string simple_body(std::string_view body) {
  while (body.ends_with("\r\n")) body.remove_suffix(2);
  return std::string(body) + "\r\n";
}

}  // namespace postern::dkim

#include "dkim/tags.hpp"

#include "core/text.hpp"

namespace postern::dkim {

Result<Tags> parse_tags(std::string_view list) {
  Tags tags;
  for (const std::string_view part : split(list, ';')) {
    if (trim(part).empty()) continue;  // after the last semicolon
    const auto equals = part.find('=');
    const auto name = trim(part.substr(0, equals));
    if (equals == std::string_view::npos || name.empty())
      return Error{"not a tag: " + escape(trim(part), 60)};
    if (!tags.emplace(name, trim(part.substr(equals + 1))).second)
      return Error{"tag " + escape(name, 60) + "= is given twice"};
  }
  return tags;
}

std::string_view tag(const Tags& tags, std::string_view name, std::string_view otherwise) {
  const auto found = tags.find(name);
  return found == tags.end() ? otherwise : found->second;
}

std::string without_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
  return out;
}

}  // namespace postern::dkim

#include "config/document.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>

namespace postern::config {
namespace {

Place place_of(const toml::source_region& source) {
  return {source.begin.line, source.begin.column};
}

Value convert(const toml::node& node);

void convert_table(const toml::table& table, Value& to) {
  for (const auto& [key, node] : table)
    to.members.push_back({std::string(key.str()), place_of(key.source()), convert(node)});
  std::stable_sort(to.members.begin(), to.members.end(),
                   [](const Member& a, const Member& b) { return a.place < b.place; });
}

Value convert(const toml::node& node) {
  Value value;
  value.place = place_of(node.source());
  if (const auto* table = node.as_table()) {
    convert_table(*table, value);
  } else if (const auto* array = node.as_array()) {
    value.kind = Value::Kind::list;
    for (const toml::node& item : *array) value.items.push_back(convert(item));
  } else if (const auto* text = node.as_string()) {
    value.kind = Value::Kind::text;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Value::Kind::integer;
    value.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Value::Kind::boolean;
    value.boolean = boolean->get();
  } else {
    value.kind = node.is_floating_point() ? Value::Kind::decimal : Value::Kind::date;
  }
  return value;
}

}  // namespace

const Member* Value::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &*found;
}

std::string_view describe(Value::Kind kind) {
  static constexpr std::array<std::string_view, 7> kNames{
      "a string", "a number", "a decimal number", "a boolean", "a date", "a list", "a table"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Result<Value> parse_document(std::string_view toml, Place& error_at) {
  try {
    return convert(toml::parse(toml));
  } catch (const toml::parse_error& error) {
    error_at = place_of(error.source());
    const std::string what(error.description());
    // Said of name = postern, which lacks nothing but its quotes.
    if (what.ends_with("could not determine value type"))
      return Error{"this is no value; a text stands between \"quotes\""};
    return Error{what};
  }
}

}  // namespace postern::config

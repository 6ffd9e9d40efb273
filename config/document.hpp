#pragma once
// A TOML text as plain values with their places, so that only document.cpp needs toml++. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace postern::config {

/// Where something stands in a file, both from 1; 0: no particular line.
struct Place {
  unsigned line = 0;
  unsigned column = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Member;

/// One TOML value.
struct Value {
  enum class Kind { text, integer, decimal, boolean, date, list, table };
  Kind kind = Kind::table;
  Place place;
  std::string text;
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<Value> items;     // of a list
  std::vector<Member> members;  // of a table, in the order of the file

  const Member* find(std::string_view key) const;
};

/// A key of a table and what it is set to.
struct Member {
  std::string key;
  Place place;
  Value value;
};

/// What a value is called towards an operator: "a string", "a table", ...
std::string_view describe(Value::Kind kind);

/// The text's root table, or its first syntax error, whose place goes to `error_at`.
Result<Value> parse_document(std::string_view toml, Place& error_at);

}  // namespace postern::config

#include "config/secret_source.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "config/wording.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLargestSecret = 64 * kKiB;

constexpr std::string_view kForms =
    "a secret is a string, { env = \"NAME\" } or { file = \"PATH\" }";

Result<Secret> from_variable(const std::string& name, const Environment& environment) {
  const auto value = name.empty() ? std::nullopt : environment(name);
  if (!value) return Error{"the environment variable " + quote(name) + " is not set"};
  if (value->empty()) return Error{"the environment variable " + quote(name) + " is empty"};
  return Secret(*value);
}

/// "$NAME" or "${NAME}", as a shell would have it: NAME. Empty: a text like any other.
std::string variable_in(std::string_view text) {
  if (!text.starts_with('$')) return {};
  text.remove_prefix(1);
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  constexpr std::string_view kName = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  const bool is_name =
      !text.empty() && kName.find(text.front()) != std::string_view::npos &&
      text.find_first_not_of(std::string(kName) + "0123456789") == std::string_view::npos;
  return is_name ? std::string(text) : std::string();
}

Result<Secret> from_file(const std::string& path) {
  auto bytes = read_file(path, kLargestSecret);
  if (!bytes) return Error{"the secret's file " + quote(path) + ' ' + bytes.error().what};
  while (!bytes->empty() && (bytes->back() == '\n' || bytes->back() == '\r')) bytes->pop_back();
  if (bytes->empty()) return Error{"the secret's file " + quote(path) + " is empty"};
  return Secret(std::move(*bytes));
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit_bytes) {
  std::error_code ignored;
  if (file.native().find('\0') != std::string::npos || std::filesystem::is_directory(file, ignored))
    return Error{"is not a file"};
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{std::string("cannot be read: ") + std::strerror(errno)};
  std::string bytes(limit_bytes + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad()) return Error{std::string("cannot be read: ") + std::strerror(errno)};
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (bytes.size() > limit_bytes)
    return Error{"is larger than " + std::to_string(limit_bytes / kKiB) + " KiB"};
  return bytes;
}

Result<Secret> read_secret(const Value& value, const Environment& environment) {
  if (value.kind == Value::Kind::text) {
    if (value.text.empty()) return Error{"the secret is empty"};
    if (const std::string name = variable_in(value.text); !name.empty())
      return Error{quote(value.text) +
                   " is not replaced by a variable; write { env = " + quote(name) + " }"};
    return Secret(value.text);
  }
  if (value.kind != Value::Kind::table)
    return Error{std::string(kForms) + ", not " + std::string(describe(value.kind))};
  const Member* only = value.members.size() == 1 ? &value.members.front() : nullptr;
  if (only == nullptr || only->value.kind != Value::Kind::text) return Error{std::string(kForms)};
  if (only->key == "env") return from_variable(only->value.text, environment);
  if (only->key == "file") return from_file(only->value.text);
  return Error{std::string(kForms) + ", not " + quote(only->key)};
}

}  // namespace postern::config

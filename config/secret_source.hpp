#pragma once
// Where a secret's bytes come from: the text itself, a variable or a file.
#include "config/document.hpp"
#include "config/load.hpp"

namespace postern::config {

/// The secret of a string, { env = "NAME" } or { file = "PATH" }; a file's trailing line ends are
/// cut off. Error: what is wrong, never with the secret's bytes.
Result<Secret> read_secret(const Value& value, const Environment& environment);

/// A whole file of at most `limit_bytes`. Error: "cannot be read: ..." or that it is too large.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit_bytes);

}  // namespace postern::config

#pragma once
// Options as the text of a database column. Used by the stores when they write and read messages.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/options.hpp"

namespace postern::queue {

/// nullopt for no options: the column is NULL.
std::optional<std::string> to_column(const std::shared_ptr<const Options>& options);
/// Throws StorageError when the text is not what to_column() makes.
std::shared_ptr<const Options> from_column(std::string_view text);

}  // namespace postern::queue

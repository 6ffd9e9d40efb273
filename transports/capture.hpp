#pragma once
// Capture: writes every message into a directory instead of sending it. The embedded default, and
// the template to copy for a new transport: settings, abilities, deliver, a factory, one row in
// transports/registry.cpp.
#include <memory>

#include "transports/registry.hpp"

namespace postern::transports {

/// Creates settings.directory when it is missing; throws std::filesystem::filesystem_error when
/// that fails. Writes ID.eml and then ID.json (the envelope), each under a temporary name first; a
/// parcel for only some of the recipients is named ID-N, N its first recipient.
std::unique_ptr<Transport> make_capture(const config::Transport& settings, const Tools& tools);

}  // namespace postern::transports

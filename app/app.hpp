#pragma once
// The composition root: makes every part, in the order they need each other, and takes them down in
// the other. The only place that sees all folders. run() is `postern serve`.
#include <memory>
#include <string>

#include "config/config.hpp"
#include "config/load.hpp"

namespace postern::app {

/// `file` empty: the environment-only form. `check`: stop before the doors open. Returns the exit
/// status: 0 after an orderly end, 1 when something could not start, 2 for the configuration.
int serve(const std::string& file, bool check);

}  // namespace postern::app

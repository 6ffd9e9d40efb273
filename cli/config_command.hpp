#pragma once
// `postern config check|show`: what a configuration says, without a daemon. Answers the exit
// status: 0, or 2 with one line per mistake on `err`. Warnings go there, too, and change nothing.
#include <ostream>
#include <string>

namespace postern::cli {

/// `file`: a TOML file; empty: the environment-only form. `json`:
/// {"mistakes":[...],"warnings":[...]} on `out`.
int config_check(const std::string& file, bool json, std::ostream& out, std::ostream& err);

/// Prints the effective configuration, secrets hidden, as TOML or as the same tree in JSON.
int config_show(const std::string& file, bool json, std::ostream& out, std::ostream& err);

}  // namespace postern::cli

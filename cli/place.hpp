#pragma once
// Where the daemon listens, from what the operator gave or from what is on this machine.
#include <filesystem>
#include <string>

#include "config/load.hpp"
#include "core/secret.hpp"

namespace postern::cli {

/// The installed daemon's configuration, where nothing else is said.
constexpr const char* kSystemFile = "/etc/postern/postern.toml";

/// What the operator gave; all may be empty.
struct PlaceOptions {
  std::string config;  // a TOML file
  std::string socket;
  std::string url;
  std::string token;  // for url
};

/// One of socket and url.
struct Place {
  std::filesystem::path socket;
  std::string url;  // without a slash at its end
  Secret token;
};

/// --url, else --socket, else the socket of --config, else of POSTERN_STATE, else of
/// /etc/postern/postern.toml, else what exists of /var/lib/postern/admin.sock and
/// var/postern/admin.sock. Only the socket's name is read from a configuration: its secrets need
/// not be readable here. Throws Failure for a file that cannot be read.
Place find_place(const PlaceOptions& options, const config::Environment& environment);

}  // namespace postern::cli

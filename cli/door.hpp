#pragma once
// Which of the daemon's listeners a program on the same machine submits through. Used by sendmail.
#include <cstdint>
#include <string>

#include "config/load.hpp"

namespace postern::cli {

struct Door {
  config::Endpoint address;  // to connect to; never a wildcard
  config::ListenerTls tls = config::ListenerTls::none;
  std::uint64_t max_message_bytes = 0;
  std::string hostname;  // the daemon's
};

/// The first listener that takes mail from this machine without a password, else the first there
/// is: it will say why it does not. Listeners behind a proxy do not count. Throws
/// Failure(kMisconfigured) when no other is left.
Door choose_door(const config::Doors& doors);

/// Of --config, else of the environment-only form where POSTERN_BIND or POSTERN_STATE is set, else
/// of /etc/postern/postern.toml, else where a daemon without a configuration listens. Throws
/// Failure(kMisconfigured) for a file that cannot be read.
Door find_door(const std::string& config_file, const config::Environment& environment);

}  // namespace postern::cli

#pragma once
// What only shows when settings are seen together: names that refer to nothing, ports taken twice,
// an admin interface open to the world.
#include <string>

#include "config/reader.hpp"

namespace postern::config {

/// Adds the mistakes of a configuration that was read; the places come from `findings`.
void validate(const Config& config, Findings& findings, const KeyCheck& key_check);

/// Whether two sockets cannot listen at once: one port, and one address or a wildcard. Port 0: no.
bool collide(const Endpoint& a, const Endpoint& b);
bool is_loopback(const Endpoint& endpoint);

}  // namespace postern::config

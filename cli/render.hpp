#pragma once
// The API's JSON for people: a message's story, tables, a verdict of the rules. Pure.
#include <string>

#include "cli/fields.hpp"

namespace postern::cli {

/// `show`: envelope, deliveries, attempts, events.
std::string story(const Json& message);
/// `transports`: a row per transport and domain.
std::string transports_table(const Json& transports);
std::string stats_table(const Json& stats);
/// `classify`: a line per member.
std::string verdict(const Json& classified);

}  // namespace postern::cli

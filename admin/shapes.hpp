#pragma once
// The JSON shapes that the API and `postern --json` share. Times are RFC 3339 in UTC with
// milliseconds; what is absent is null. Pure.
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "delivery/control.hpp"
#include "queue/store.hpp"

namespace postern::admin {

/// id, channel, sender, size, message_id, identity, accepted_at, priority, deliveries[].
nlohmann::ordered_json message_shape(const queue::Stored& stored);
/// A message with attempts[] and events[].
nlohmann::ordered_json history_shape(const queue::Stored& stored);
/// [name, type, domains[]]; the transport as a whole is the domain "".
nlohmann::ordered_json transports_shape(const std::vector<delivery::TransportView>& views);
/// deliveries[]{channel, state, deliveries, oldest}, used_bytes.
nlohmann::ordered_json stats_shape(const std::vector<queue::Count>& counts,
                                   std::uint64_t used_bytes);

}  // namespace postern::admin

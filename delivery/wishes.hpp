#pragma once
// What a client's Options mean for the schedule: when a message may go (RFC 4865), until when (RFC
// 2852), and when its sender hears that it is late (RFC 3461). Asked while a message is planned, on
// the committer's thread, and by the scheduler; pure.
#include <optional>
#include <vector>

#include "config/config.hpp"
#include "core/message.hpp"
#include "queue/store.hpp"

namespace postern::delivery {

/// When the message may go at the earliest; nullopt: now.
std::optional<Time> held_until(const Message& message, Time now);

/// DELIVERBY with R: not to be handed over after expires_at, however often it was tried.
bool returns_when_late(const Message& message);
/// Such a message whose time has come.
bool is_overdue(const Message& message, Time now);

/// Amends the starts of a message's deliveries. Only for a message with Options.
void heed_options(const Message& message, const config::Queue& settings, Time now,
                  std::vector<queue::Start>& starts);

}  // namespace postern::delivery

#pragma once
// What a client's Options mean for the schedule of a new message: when the sender hears that it is
// late. Called on the committer's thread while a message is planned; pure.
#include <vector>

#include "config/config.hpp"
#include "core/message.hpp"
#include "queue/store.hpp"

namespace postern::delivery {

/// Amends the starts of a message's deliveries. Only for a message with Options.
void heed_options(const Message& message, const config::Queue& settings, Time now,
                  std::vector<queue::Start>& starts);

}  // namespace postern::delivery

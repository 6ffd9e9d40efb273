#pragma once
// How a new message starts: at once where there is a place, or queued. Asked by the scheduler on
// the committer's thread, within the commit that stores the message: memory only, no waiting.
#include <vector>

#include "delivery/ways.hpp"
#include "queue/store.hpp"

namespace postern::delivery {

/// One Start per recipient. A message with a recipient that may be suppressed never starts at once:
/// the engine asks the store first.
std::vector<queue::Start> plan(Ways& ways, const queue::Reader& reader, const Message& message,
                               Time now);

}  // namespace postern::delivery

#pragma once
// sendmail's two ways to the daemon: hand a message over, or let the caller speak SMTP himself.
// Both return when it is over; both go through the listener like any other client.
#include <string>

#include "cli/door.hpp"
#include "cli/letter.hpp"

namespace postern::cli {

/// Submits to all recipients or to none, and gives the daemon's words once it has the message on
/// disk: "250 2.0.0 Ok: queued as ...". Throws Failure: kTryLater where the daemon is down or says
/// 4xx, kNoSuchAddress, kBadMessage or kRefused where it says 5xx.
std::string submit(const Door& door, const Letter& letter, const SendmailOptions& options);

/// Carries commands from descriptor 0 to the daemon and replies to descriptor 1, until one side has
/// enough. Throws Failure(kTryLater); a caller who waits for a reply has had a 421 by then.
void speak_smtp(const Door& door);

}  // namespace postern::cli

#pragma once
// Mail that comes back (RFC 5321 section 6.3). Our own Received line is the mark: our host name and
// an id that only a Postern makes, for its last characters check it. Domains with hide_origin leave
// no mark; their loops end at mail::kMaxReceived.
#include <string_view>

namespace postern::smtpd {

/// Whether a Received field says that a Postern called `hostname` had the message. `header` is one
/// that mail::inspect_header took.
bool was_here(std::string_view header, std::string_view hostname);

}  // namespace postern::smtpd

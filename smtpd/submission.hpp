#pragma once
// What makes a second submission of a message the same as the first: its Message-ID, or the key in
// X-Postern-Idempotency-Key where there is one, together with its sender, its recipients and
// whether it demands TLS. A client that never heard our 250 sends with the same ones again,
// whatever else it changes (a helpdesk's "retry" makes a new Date and new MIME boundaries). Used by
// smtpd/reception; pure.
#include <string>
#include <string_view>

#include "core/message.hpp"

namespace postern::smtpd {

/// For Message::submission: 16 bytes, or none when the client named nothing to tell it by.
/// `message_id`: only one that came from the client.
std::string digest_of_submission(const Envelope& envelope, std::string_view identity,
                                 std::string_view message_id, std::string_view idempotency_key);

}  // namespace postern::smtpd

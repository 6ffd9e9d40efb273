#pragma once
// Mailgun's JSON, read: the answer to messages.mime, its errors, its events. Pure; never throws on
// input, whatever a provider (or a stranger in front of it) sends.
#include <optional>
#include <string>
#include <string_view>

#include "transports/transport.hpp"

namespace postern::transports {

/// {"id":"<...@domain>","message":"Queued. Thank you."}
struct MailgunAcceptance {
  std::string id;  // without angle brackets, as the events carry it
  std::string message;
};
/// nullopt: not JSON, or without an id.
std::optional<MailgunAcceptance> read_acceptance(std::string_view body);

/// The "message" of an error's JSON, else the body as it is (a gateway's HTML).
std::string read_error(std::string_view body);

/// What the events of GET /v3/{domain}/events say of one recipient; `message_id` without brackets.
/// A miss is `unknown`: events come minutes late. Mailgun's own refusal (a block, our account, a
/// policy) is `not_sent`; what a recipient's server said for good is `refused`.
Answer read_events(std::string_view body, std::string_view message_id, std::string_view recipient,
                   Time now, Duration failover_after = std::chrono::seconds{30});

/// "<a@b>" -> "a@b"
std::string_view without_brackets(std::string_view message_id);

}  // namespace postern::transports

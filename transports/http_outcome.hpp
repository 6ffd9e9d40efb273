#pragma once
// What follows when an HTTP call to a provider ends without a whole answer. Used by every transport
// that sends over HTTP. Pure.
#include "core/outcome.hpp"
#include "net/http_client.hpp"

namespace postern::transports {

/// Only of a body that left whole can the provider have made a mail: its length was announced, and
/// what the body holds ends with its last byte. Anything else is definite: nothing was sent.
Outcome without_answer(const net::HttpResponse& response);

}  // namespace postern::transports

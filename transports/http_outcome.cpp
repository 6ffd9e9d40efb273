#include "transports/http_outcome.hpp"

#include "core/text.hpp"

namespace postern::transports {

Outcome without_answer(const net::HttpResponse& response) {
  const std::string why =
      std::string(to_string(response.failure)) + ": " + escape(response.failure_text);
  if (response.sent == net::BodySent::whole) return Outcome::uncertain(why);
  const bool is_ours =
      response.failure == net::HttpFailure::content || response.failure == net::HttpFailure::closed;
  return is_ours ? Outcome::not_sent(why) : Outcome::unreachable(why);
}

}  // namespace postern::transports

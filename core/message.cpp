#include "core/message.hpp"

#include <array>

namespace postern {
namespace {

constexpr std::array<std::string_view, 10> kStates{"queued",  "active",   "deferred",  "uncertain",
                                                   "held",    "sent",     "delivered", "failed",
                                                   "expired", "cancelled"};

}  // namespace

std::string_view to_string(Channel channel) {
  return channel == Channel::mail ? "mail" : "webhook";
}

Result<Channel> parse_channel(std::string_view word) {
  if (word == "mail") return Channel::mail;
  if (word == "webhook") return Channel::webhook;
  return Error{"not a channel (mail, webhook): " + std::string(word)};
}

std::string_view to_string(DeliveryState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

Result<DeliveryState> parse_delivery_state(std::string_view word) {
  for (std::size_t i = 0; i < kStates.size(); ++i)
    if (kStates[i] == word) return static_cast<DeliveryState>(i);
  return Error{
      "not a state (queued, active, deferred, uncertain, held, sent, delivered, failed, "
      "expired, cancelled): " +
      std::string(word)};
}

bool is_final(DeliveryState state) {
  return state >= DeliveryState::sent;
}

const RecipientOptions& Envelope::options_of(std::uint32_t index) const {
  static const RecipientOptions kNothing;
  return options && index < options->recipients.size() ? options->recipients[index] : kNothing;
}

}  // namespace postern

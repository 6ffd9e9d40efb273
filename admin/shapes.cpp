#include "admin/shapes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace postern::admin {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}
Json time_shape(Time time) {
  return to_rfc3339(time);
}

// Only a waiting delivery has a next attempt.
bool waits(DeliveryState state) {
  return state == DeliveryState::queued || state == DeliveryState::deferred ||
         state == DeliveryState::uncertain;
}

const std::string& recipient_of(const Message& message, std::uint32_t index) {
  return message.envelope.recipients.at(index);
}

Json delivery_shape(const Message& message, const Delivery& delivery) {
  return {
      {message.channel == Channel::mail ? "recipient" : "target",
       recipient_of(message, delivery.index)},
      {"state", to_string(delivery.state)},
      {"transport", or_null(delivery.transport)},
      {"attempts", delivery.attempts},
      {"next_attempt_at", waits(delivery.state) ? time_shape(delivery.next_attempt_at) : Json()},
      {"expires_at", time_shape(delivery.expires_at)},
      {"reason", or_null(delivery.reason)},
      {"provider_id", or_null(delivery.provider_id)},
      {"possible_duplicate", delivery.possible_duplicates > 0}};
}

Json attempt_shape(const Message& message, const queue::AttemptRow& attempt) {
  return {{"number", attempt.number},
          {"recipient", recipient_of(message, attempt.index)},
          {"transport", attempt.transport},
          {"started_at", time_shape(attempt.started_at)},
          {"duration_ms", attempt.duration ? Json(attempt.duration->count()) : Json()},
          {"outcome", or_null(attempt.outcome)},
          {"blame", or_null(attempt.blame)},
          {"reply", or_null(attempt.reply)}};
}

Json event_shape(const queue::EventRow& event) {
  return {{"at", time_shape(event.at)},
          {"source", event.source},
          {"type", event.type},
          {"recipient", or_null(event.recipient)},
          {"detail", or_null(event.detail)}};
}

Json domain_shape(const delivery::TransportView& view) {
  return {{"domain", view.domain},
          {"breaker", view.breaker},
          {"reason", or_null(view.reason)},
          {"until", view.until ? time_shape(*view.until) : Json()},
          {"in_flight", view.in_flight},
          {"sent", view.sent},
          {"failed", view.failed},
          {"last_error", or_null(view.last_error)},
          {"rate_per_second", view.rate_per_second},
          {"account", or_null(view.account)}};
}

}  // namespace

Json message_shape(const queue::Stored& stored) {
  const Message& message = *stored.message;
  Json deliveries = Json::array();
  for (const Delivery& delivery : stored.deliveries)
    deliveries.push_back(delivery_shape(message, delivery));
  return {{"id", message.id()},
          {"channel", to_string(message.channel)},
          {"sender", message.envelope.sender},
          {"size", message.size_bytes},
          {"message_id", or_null(message.message_id)},
          {"identity", or_null(message.identity)},
          {"accepted_at", time_shape(message.accepted_at)},
          {"priority", message.priority},
          {"deliveries", std::move(deliveries)}};
}

Json history_shape(const queue::Stored& stored) {
  Json json = message_shape(stored);
  json["attempts"] = Json::array();
  for (const auto& attempt : stored.attempts)
    json["attempts"].push_back(attempt_shape(*stored.message, attempt));
  json["events"] = Json::array();
  for (const auto& event : stored.events) json["events"].push_back(event_shape(event));
  return json;
}

Json transports_shape(const std::vector<delivery::TransportView>& views) {
  Json json = Json::array();
  for (const auto& view : views) {
    auto entry = std::find_if(json.begin(), json.end(),
                              [&](const Json& one) { return one["name"] == view.name; });
    if (entry == json.end()) {
      json.push_back(Json{{"name", view.name}, {"type", view.type}, {"domains", Json::array()}});
      entry = json.end() - 1;
    }
    (*entry)["domains"].push_back(domain_shape(view));
  }
  return json;
}

Json stats_shape(const std::vector<queue::Count>& counts, std::uint64_t used_bytes) {
  Json deliveries = Json::array();
  for (const auto& count : counts)
    deliveries.push_back({{"channel", to_string(count.channel)},
                          {"state", to_string(count.state)},
                          {"deliveries", count.deliveries},
                          {"oldest", time_shape(count.oldest)}});
  return {{"deliveries", std::move(deliveries)}, {"used_bytes", used_bytes}};
}

}  // namespace postern::admin

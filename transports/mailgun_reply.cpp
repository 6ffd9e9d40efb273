#include "transports/mailgun_reply.hpp"

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace postern::transports {
namespace {

using Json = nlohmann::json;

Json parse(std::string_view body) {
  return Json::parse(body, nullptr, /*allow_exceptions=*/false);
}

/// The value at object.a.b.c, or nullptr.
const Json* find(const Json& object, std::initializer_list<const char*> path) {
  const Json* at = &object;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(key);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string text_at(const Json& object, std::initializer_list<const char*> path) {
  const Json* value = find(object, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

bool concerns(const Json& event, std::string_view message_id, std::string_view recipient) {
  if (!iequals(text_at(event, {"recipient"}), recipient)) return false;
  const std::string id = text_at(event, {"message", "headers", "message-id"});
  return id.empty() || without_brackets(id) == message_id;
}

bool is_refusal(const Json& event) {
  const std::string type = text_at(event, {"event"});
  return type == "rejected" || (type == "failed" && text_at(event, {"severity"}) == "permanent");
}

std::string describe(const Json& event) {
  std::string text = text_at(event, {"event"});
  for (const std::string& more :
       {text_at(event, {"reason"}), text_at(event, {"delivery-status", "message"}),
        text_at(event, {"delivery-status", "description"})})
    if (!more.empty()) text += ": " + more;
  return escape(text);
}

}  // namespace

std::string_view without_brackets(std::string_view message_id) {
  message_id = trim(message_id);
  if (message_id.starts_with('<') && message_id.ends_with('>'))
    return message_id.substr(1, message_id.size() - 2);
  return message_id;
}

std::optional<MailgunAcceptance> read_acceptance(std::string_view body) {
  const Json json = parse(body);
  const std::string id = text_at(json, {"id"});
  if (without_brackets(id).empty()) return std::nullopt;
  return MailgunAcceptance{std::string(without_brackets(id)), text_at(json, {"message"})};
}

std::string read_error(std::string_view body) {
  const std::string message = text_at(parse(body), {"message"});
  return message.empty() ? std::string(body) : message;
}

Answer read_events(std::string_view body, std::string_view message_id, std::string_view recipient) {
  const Json json = parse(body);
  const Json* items = find(json, {"items"});
  if (items == nullptr || !items->is_array())
    return {Answer::Kind::unknown, "no list of events in the answer", {}};
  Answer answer{Answer::Kind::unknown, "no event yet", {}};
  for (const Json& event : *items) {
    if (!concerns(event, message_id, recipient)) continue;
    // Any event shows that the provider has the message. The latest counts, but what was delivered
    // stays so: it must neither be bounced nor sent again.
    answer = {is_refusal(event) ? Answer::Kind::refused : Answer::Kind::accepted, describe(event),
              std::string(message_id)};
    if (text_at(event, {"event"}) == "delivered") break;
  }
  return answer;
}

}  // namespace postern::transports

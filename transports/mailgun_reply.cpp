#include "transports/mailgun_reply.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "transports/classify.hpp"
#include "transports/rules.hpp"

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

std::string describe(const Json& event) {
  std::string text = text_at(event, {"event"});
  for (const std::string& more :
       {text_at(event, {"reason"}), text_at(event, {"reject", "reason"}),
        text_at(event, {"reject", "description"}), text_at(event, {"delivery-status", "message"}),
        text_at(event, {"delivery-status", "description"})})
    if (!more.empty()) text += ": " + more;
  return escape(text);
}

// What Mailgun's words about account, domain and limits mean, here as in an answer to a call.
Outcome classify_words(const std::string& words, Time now, Duration failover_after) {
  Reply reply;
  reply.text = words;
  return classify(mailgun_account_rules(), reply, now, failover_after);
}

// A receiving mail server was spoken with, or would have been, had the address not failed before:
// "account disabled" is then said of the recipient's account.
bool speaks_of_recipient(const Json& event) {
  const std::string reason = text_at(event, {"reason"});
  return find(event, {"delivery-status", "mx-host"}) != nullptr || reason == "bounce" ||
         reason == "old" || reason.starts_with("suppress-");
}

// The address is on one of Mailgun's own lists: the reason says so, or the code (605 bounced
// before, 606 unsubscribed, 607 complained).
std::optional<SuppressionReason> suppression_in(const Json& event) {
  struct Word {
    std::string_view reason;
    int code;
    SuppressionReason meaning;
  };
  static constexpr std::array kWords{
      Word{"suppress-bounce", 605, SuppressionReason::bounce},
      Word{"suppress-unsubscribe", 606, SuppressionReason::unsubscribe},
      Word{"suppress-complaint", 607, SuppressionReason::complaint}};
  const std::string reason = text_at(event, {"reason"});
  const Json* code = find(event, {"delivery-status", "code"});
  for (const Word& word : kWords)
    if (reason == word.reason || (code != nullptr && *code == word.code)) return word.meaning;
  return std::nullopt;
}

// Why Mailgun itself has sent nothing; nullopt: it is no such event.
std::optional<Outcome> refusal_to_send(const Json& event, Time now, Duration failover_after) {
  const std::string type = text_at(event, {"event"});
  const std::string words = describe(event);
  if (type == "rejected") {
    Outcome outcome = classify_words(words, now, failover_after);
    if (outcome.rule == "unknown") outcome.rule = "mailgun.rejected";
    // Whatever it was, there is nothing to wait for: Mailgun does not try again.
    if (outcome.fail_over == FailOver::later) outcome.fail_over = FailOver::now;
    return outcome;
  }
  if (type != "failed" || text_at(event, {"severity"}) != "permanent") return std::nullopt;
  if (text_at(event, {"reason"}) == "espblock") {
    // The receiving provider's policy against this mail, or against where it came from.
    Outcome outcome;
    outcome.kind = Outcome::Kind::rejected;
    outcome.meaning = Meaning::message;
    outcome.blame = Blame::message;
    outcome.fail_over = FailOver::once;
    outcome.reply = words;
    outcome.rule = "mailgun.espblock";
    return outcome;
  }
  if (speaks_of_recipient(event)) return std::nullopt;
  const Outcome outcome = classify_words(words, now, failover_after);
  const bool block =
      outcome.meaning == Meaning::blocked || outcome.meaning == Meaning::configuration;
  return block ? std::optional(outcome) : std::nullopt;
}

Answer read_event(const Json& event, std::string_view message_id, Time now,
                  Duration failover_after) {
  // Any event shows that the provider has the message.
  Answer answer{Answer::Kind::accepted, describe(event), std::string(message_id)};
  if (auto why = refusal_to_send(event, now, failover_after)) {
    answer.kind = Answer::Kind::not_sent;
    answer.why = std::move(*why);
  } else if (text_at(event, {"event"}) == "failed" && text_at(event, {"severity"}) == "permanent") {
    answer.kind = Answer::Kind::refused;
    answer.why.suppressed = suppression_in(event);
  }
  return answer;
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

Answer read_events(std::string_view body, std::string_view message_id, std::string_view recipient,
                   Time now, Duration failover_after) {
  const Json json = parse(body);
  const Json* items = find(json, {"items"});
  if (items == nullptr || !items->is_array())
    return {Answer::Kind::unknown, "no list of events in the answer", {}};
  Answer answer{Answer::Kind::unknown, "no event yet", {}};
  for (const Json& event : *items) {
    if (!concerns(event, message_id, recipient)) continue;
    // The latest counts, but what was delivered stays so: it must neither be bounced nor sent
    // again.
    answer = read_event(event, message_id, now, failover_after);
    if (text_at(event, {"event"}) == "delivered") break;
  }
  return answer;
}

}  // namespace postern::transports

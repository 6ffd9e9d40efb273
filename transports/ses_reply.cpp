#include "transports/ses_reply.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "transports/classify.hpp"
#include "transports/http_outcome.hpp"
#include "transports/rules.hpp"

namespace postern::transports {
namespace {

using Json = nlohmann::json;
using net::HttpFailure;
using net::HttpResponse;

Json parse(std::string_view body) {
  return Json::parse(body, nullptr, /*allow_exceptions=*/false);
}

std::string text_at(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

/// A number that is there, finite and no joke; else -1, which is also AWS's "without limit".
double number_at(const Json& object, const char* key) {
  if (!object.is_object()) return -1;
  const auto member = object.find(key);
  if (member == object.end() || !member->is_number()) return -1;
  const auto value = member->get<double>();
  return std::isfinite(value) && value >= 0 && value < 1e12 ? value : -1;
}

bool is_false(const Json& object, const char* key) {
  const auto member = object.find(key);
  return member != object.end() && member->is_boolean() && !member->get<bool>();
}

/// "com.amazonaws.sesv2#MessageRejected:http://..." -> "MessageRejected"
std::string_view bare_type(std::string_view type) {
  type = type.substr(0, type.find(':'));
  if (const auto hash = type.rfind('#'); hash != std::string_view::npos)
    type.remove_prefix(hash + 1);
  return trim(type);
}

Outcome refusal(std::string_view rule, std::string words, Time until) {
  Outcome outcome;
  outcome.meaning = Meaning::blocked;
  outcome.fail_over = FailOver::now;
  outcome.reply = std::move(words);
  outcome.retry_at = until;
  outcome.rule = rule;
  outcome.alert = true;
  return outcome;
}

}  // namespace

std::string read_ses_error(const HttpResponse& response) {
  const Json json = parse(response.body);
  std::string message = text_at(json, "message");
  if (message.empty()) message = text_at(json, "Message");
  std::string type(bare_type(response.error_type));
  if (type.empty()) type = bare_type(text_at(json, "__type"));
  if (type.empty()) return message.empty() ? response.body : message;
  return message.empty() ? type : type + ": " + message;
}

Outcome read_ses_response(const HttpResponse& response, std::size_t recipients, Time now,
                          Duration failover_after) {
  const bool complete = response.failure == HttpFailure::none;
  if (response.status >= 200 && response.status < 300 && complete) {
    std::string id = text_at(parse(response.body), "MessageId");
    if (id.empty())
      return Outcome::uncertain(std::to_string(response.status) +
                                " without a MessageId: " + escape(trim(response.body), 200));
    return Outcome::delivered(std::to_string(response.status) + " MessageId " + escape(id), id);
  }
  // A refusal stands even when its explanation was cut off; anything else needs a whole answer.
  const bool is_refusal = response.status >= 300 && response.status < 500;
  if (!is_refusal && !complete) return without_answer(response);
  Reply reply;
  reply.status = response.status;
  reply.text = read_ses_error(response);
  reply.retry_after = response.retry_after;
  reply.recipients = recipients;
  return classify(ses_rules(), reply, now, failover_after);
}

Account read_ses_account(const HttpResponse& response, Time until) {
  Account account;
  const Json json = parse(response.body);
  if (response.failure != HttpFailure::none || response.status != 200 || !json.is_object()) {
    account.note = "account unknown: " + (response.status == 0
                                              ? escape(response.failure_text, 200)
                                              : std::to_string(response.status) + " " +
                                                    escape(trim(read_ses_error(response)), 200));
    return account;
  }
  const Json quota = json.value("SendQuota", Json::object());
  const double rate = number_at(quota, "MaxSendRate");
  const double most = number_at(quota, "Max24HourSend");
  const double sent = number_at(quota, "SentLast24Hours");
  if (rate > 0) account.recipients_per_second = rate;
  if (most >= 0 && sent >= 0)
    account.note = std::to_string(std::llround(sent)) + " of " +
                   std::to_string(std::llround(most)) + " recipients in 24 h";
  const auto add = [&account](std::string_view words) {
    account.note += (account.note.empty() ? "" : ", ") + std::string(words);
  };
  if (is_false(json, "ProductionAccessEnabled")) add("in the sandbox");
  const std::string status = text_at(json, "EnforcementStatus");
  if (!status.empty() && status != "HEALTHY") add(escape(status, 40));
  if (is_false(json, "SendingEnabled")) add("sending is disabled");
  if (status == "SHUTDOWN")
    account.refusal = refusal("ses.account-shutdown", "EnforcementStatus SHUTDOWN", until);
  else if (is_false(json, "SendingEnabled"))
    account.refusal = refusal("ses.account-disabled", "SendingEnabled false", until);
  else if (most > 0 && sent >= most)
    account.refusal =
        refusal("ses.quota-used", "the daily quota is used up: " + account.note, until);
  return account;
}

}  // namespace postern::transports

#include "transports/classify_json.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "transports/classify.hpp"

namespace postern::transports {
namespace {

std::string_view to_string(FailOver fail_over) {
  static constexpr std::array<std::string_view, 4> kWords{"never", "later", "now", "once"};
  return kWords.at(static_cast<std::size_t>(fail_over));
}

// "550 5.1.1 ..." and "550-5.1.1 ..." carry their status in front; a JSON body its words inside.
Reply read(std::string_view text, int status) {
  Reply reply;
  reply.status = status;
  text = trim(text);
  const auto number = parse_number(text.substr(0, 3));
  const bool leads = number && *number >= 200 && *number < 600 &&
                     (text.size() == 3 || text[3] == ' ' || text[3] == '-');
  if (leads && (status == 0 || status == static_cast<int>(*number))) {
    reply.status = static_cast<int>(*number);
    text.remove_prefix(std::min<std::size_t>(text.size(), 4));
  }
  reply.text = text;
  return reply;
}

}  // namespace

Result<std::string> classify_json(std::string_view type, std::string_view text, int status,
                                  Time now) {
  const auto rules = rules_for(type);
  if (rules.empty()) return Error{"there are no rules for transports of type " + escape(type, 64)};
  const Outcome outcome = classify(rules, read(text, status), now);
  nlohmann::json json{{"meaning", to_string(outcome.meaning)},
                      {"scope", to_string(outcome.blame)},
                      {"retry_at", nullptr},
                      {"rule", outcome.rule},
                      {"kind", to_string(outcome.kind)},
                      {"fail_over", to_string(outcome.fail_over)},
                      {"alert", outcome.alert},
                      {"reply", outcome.reply}};
  if (outcome.retry_at) json["retry_at"] = to_rfc3339(*outcome.retry_at);
  return json.dump();
}

}  // namespace postern::transports

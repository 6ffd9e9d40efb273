#include "cli/render.hpp"

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace postern::cli {
namespace {

constexpr std::size_t kCellBytes = 60;  // of a reason in a table; `--json` has all of it

// The transport as a whole has no domain.
std::string domain_of(const Json& row) {
  return text_of(row, "domain").empty() ? "*" : cell(row, "domain");
}

}  // namespace

std::string story(const Json& message) {
  const std::string sender = text_of(message, "sender");
  std::string out = table({{"Message", cell(message, "id")},
                           {"Channel", cell(message, "channel")},
                           {"Sender", sender.empty() ? "<>" : escape(sender)},
                           {"Message-ID", cell(message, "message_id")},
                           {"Identity", cell(message, "identity")},
                           {"Size", cell(message, "size") + " bytes"},
                           {"Accepted", cell(message, "accepted_at")}});
  out += "\nDeliveries\n";
  for (const Json& delivery : list_of(message, "deliveries")) {
    out += "  " + recipient_of(delivery) + ": " + cell(delivery, "state") + ", " +
           plural(delivery.value("attempts", std::uint64_t{0}), "attempt", "attempts");
    if (!text_of(delivery, "transport").empty())
      out += ", last through " + cell(delivery, "transport");
    if (!text_of(delivery, "next_attempt_at").empty())
      out += ", next at " + cell(delivery, "next_attempt_at");
    if (!is_finished(delivery)) out += ", expires at " + cell(delivery, "expires_at");
    if (delivery.value("possible_duplicate", false)) out += ", possibly sent twice";
    if (!text_of(delivery, "provider_id").empty())
      out += ", provider's id " + cell(delivery, "provider_id");
    out += "\n";
    if (!text_of(delivery, "reason").empty()) out += "    " + cell(delivery, "reason") + "\n";
  }
  if (!list_of(message, "attempts").empty()) out += "\nAttempts\n";
  for (const Json& attempt : list_of(message, "attempts")) {
    const bool over = attempt.contains("duration_ms") && attempt["duration_ms"].is_number();
    out += "  " + cell(attempt, "started_at") + "  #" + cell(attempt, "number") + " " +
           recipient_of(attempt) + " through " + cell(attempt, "transport") + ": ";
    out += over ? cell(attempt, "outcome") + " after " + cell(attempt, "duration_ms") + " ms"
                : "its end is not known";
    const std::string blame = text_of(attempt, "blame");
    if (!blame.empty() && blame != "none") out += ", blames " + cell(attempt, "blame");
    out += "\n";
    if (!text_of(attempt, "reply").empty()) out += "    " + cell(attempt, "reply") + "\n";
  }
  if (!list_of(message, "events").empty()) out += "\nEvents\n";
  for (const Json& event : list_of(message, "events")) {
    out += "  " + cell(event, "at") + "  " + cell(event, "source") + ": " + cell(event, "type");
    if (!text_of(event, "recipient").empty()) out += " " + cell(event, "recipient");
    if (!text_of(event, "detail").empty()) out += " (" + cell(event, "detail") + ")";
    out += "\n";
  }
  return out;
}

std::string transports_table(const Json& transports) {
  std::vector<std::vector<std::string>> rows{{"TRANSPORT", "TYPE", "DOMAIN", "BREAKER", "UNTIL",
                                              "IN FLIGHT", "SENT", "FAILED", "REASON", "LAST ERROR",
                                              "ACCOUNT"}};
  bool has_account = false;
  for (const Json& transport : transports)
    for (const Json& domain : list_of(transport, "domains")) {
      has_account = has_account || !text_of(domain, "account").empty();
      rows.push_back({cell(transport, "name"), cell(transport, "type"), domain_of(domain),
                      cell(domain, "breaker"), cell(domain, "until"), cell(domain, "in_flight"),
                      cell(domain, "sent"), cell(domain, "failed"),
                      cell(domain, "reason", kCellBytes), cell(domain, "last_error", kCellBytes),
                      cell(domain, "account", kCellBytes)});
    }
  // Only some providers tell.
  if (!has_account)
    for (auto& row : rows) row.pop_back();
  return table(rows);
}

std::string stats_table(const Json& stats) {
  std::vector<std::vector<std::string>> rows{{"CHANNEL", "STATE", "DELIVERIES", "OLDEST"}};
  for (const Json& count : list_of(stats, "deliveries"))
    rows.push_back({cell(count, "channel"), cell(count, "state"), cell(count, "deliveries"),
                    cell(count, "oldest")});
  const std::string size = "The queue occupies " + cell(stats, "used_bytes") + " bytes.\n";
  return (rows.size() == 1 ? "Nothing waits.\n" : table(rows)) + size;
}

std::string verdict(const Json& classified) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : classified.items())
    rows.push_back({escape(name), cell(classified, name.c_str())});
  return table(rows);
}

}  // namespace postern::cli

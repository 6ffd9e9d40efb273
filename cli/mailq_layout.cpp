#include "cli/mailq_layout.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/id.hpp"
#include "core/text.hpp"

namespace postern::cli {
namespace {

constexpr const char* kHeader =
    "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n";
constexpr std::size_t kRecipientColumn = 47;
constexpr std::size_t kReasonWidth = 78;  // right-aligned, brackets included

/// Postfix marks what is being delivered (*) and what is on hold (!).
std::string mark_of(const Json& message) {
  bool held = false;
  for (const Json& delivery : list_of(message, "deliveries")) {
    const std::string state = text_of(delivery, "state");
    if (state == "active") return "*";
    held = held || state == "held";
  }
  return held ? "!" : "";
}

/// "Sat Nov 21 09:13:07", local time, as asctime spells it.
std::string arrival(const Json& message) {
  const auto no = parse_id(text_of(message, "id"));
  if (!no) return "-";
  const std::time_t seconds = std::chrono::system_clock::to_time_t(accepted_time(*no));
  std::tm parts{};
  localtime_r(&seconds, &parts);
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%s %s %2d %02d:%02d:%02d",
                kDays.at(static_cast<std::size_t>(parts.tm_wday)),
                kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_mday, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  return text.data();
}

}  // namespace

// Widths and wording are those of Postfix 3.7 with enable_long_queue_ids = yes, whose ids are as
// long as ours: scripts that read mailq rely on them.
std::string MailqLayout::entry(const Json& message) {
  std::string out = messages_ == 0 ? kHeader : "\n";
  const std::uint64_t size = message.value("size", std::uint64_t{0});
  ++messages_;
  bytes_ += size;
  const std::string sender = text_of(message, "sender");
  out += padded(cell(message, "id") + mark_of(message), 17) + " " + right(std::to_string(size), 8) +
         " " + padded(arrival(message), 19) + " " +
         (sender.empty() ? "MAILER-DAEMON" : escape(sender)) + "\n";

  const Json& deliveries = list_of(message, "deliveries");
  const bool over = std::all_of(deliveries.begin(), deliveries.end(), is_finished);
  std::string last_reason;
  for (const Json& delivery : deliveries) {
    if (is_finished(delivery) && !over) continue;
    const std::string reason = escape(text_of(delivery, "reason"));
    if (reason != last_reason) {
      const std::string shown = reason.empty() ? "reason unavailable" : reason;
      out += right("(" + shown + ")", kReasonWidth) + "\n";
      last_reason = reason;
    }
    out += std::string(kRecipientColumn, ' ') + recipient_of(delivery) + "\n";
  }
  return out;
}

std::string MailqLayout::end() const {
  if (messages_ == 0) return "Mail queue is empty\n";
  return "\n-- " + std::to_string(bytes_ / 1024) + " Kbytes in " +
         plural(messages_, "Request", "Requests") + ".\n";
}

}  // namespace postern::cli

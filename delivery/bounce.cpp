#include "delivery/bounce.hpp"

#include <algorithm>
#include <iterator>

#include "core/text.hpp"
#include "mail/report.hpp"

namespace postern::delivery {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// class.subject.detail with a class of failure (RFC 3463 section 2).
bool is_failure_status(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 3 && (parts[0] == "4" || parts[0] == "5") &&
         std::all_of(parts.begin() + 1, parts.end(), [](std::string_view part) {
           return !part.empty() && part.size() <= 3 &&
                  std::all_of(part.begin(), part.end(), is_digit);
         });
}

// The first enhanced status that stands in the reply as a word; "#5.1.1" and "5.1.1:" count, an IP
// address does not.
std::string_view status_in(std::string_view reply) {
  for (std::size_t begin = 0; begin < reply.size();) {
    if (!is_digit(reply[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < reply.size() && (is_digit(reply[end]) || reply[end] == '.')) ++end;
    auto word = reply.substr(begin, end - begin);
    if (word.ends_with('.')) word.remove_suffix(1);  // the end of a sentence
    if (is_failure_status(word)) return word;
    begin = end;
  }
  return {};
}

std::string status_of(const FailedRecipient& recipient) {
  if (is_failure_status(recipient.status)) return recipient.status;
  if (recipient.state == DeliveryState::expired) return "4.4.7";  // delivery time expired
  if (const auto found = status_in(recipient.reply); !found.empty()) return std::string(found);
  return "5.0.0";
}

mail::ReportedRecipient to_reported(const FailedRecipient& recipient) {
  return {.address = recipient.address,
          .status = status_of(recipient),
          .diagnostic = recipient.reply,
          .expired = recipient.state == DeliveryState::expired,
          .attempted = !recipient.transport.empty()};
}

}  // namespace

std::optional<Report> make_report(const Message& original, std::string_view header_block,
                                  const std::vector<FailedRecipient>& failed,
                                  const std::string& reporting_mta, MessageNo no, Time now) {
  if (original.channel != Channel::mail || original.envelope.sender.empty() || failed.empty())
    return std::nullopt;

  const std::size_t listed = std::min(failed.size(), kMaxFailedInReport);
  mail::FailureReport report{
      .sender = original.envelope.sender,
      .domain = original.sender_domain.empty() ? reporting_mta : original.sender_domain,
      .reporting_mta = reporting_mta,
      .id = to_id(no),
      .now = now,
      .arrived = original.accepted_at,
      .original_id = original.message_id,
      .header_block = header_block,
      .recipients = {},
      .unlisted = failed.size() - listed,
      .smtputf8 = original.envelope.smtputf8};
  std::transform(failed.begin(), failed.begin() + static_cast<std::ptrdiff_t>(listed),
                 std::back_inserter(report.recipients), to_reported);
  mail::RenderedReport rendered = mail::render(report);

  auto message = std::make_shared<Message>();
  message->no = no;
  message->envelope = {.sender = {},
                       .recipients = {original.envelope.sender},
                       .smtputf8 = rendered.smtputf8,
                       .eight_bit_mime = rendered.eight_bit_mime};
  message->sender_domain = report.domain;
  message->message_id = std::move(rendered.message_id);
  message->size_bytes = rendered.bytes.size();
  message->chunks = 1;
  message->header_bytes = static_cast<std::uint32_t>(rendered.header_bytes);
  message->accepted_at = now;
  return Report{std::move(message), std::make_shared<const std::string>(std::move(rendered.bytes))};
}

}  // namespace postern::delivery

#include "delivery/bounce.hpp"

#include <algorithm>
#include <span>

#include "core/text.hpp"

namespace postern::delivery {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

using mail::Action;

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

std::string status_of(const Message& original, Action action, const News& news, Time now) {
  if (action == Action::relayed || action == Action::delivered) return "2.0.0";
  if (is_failure_status(news.status)) return news.status;
  const Options* const options = original.envelope.options.get();
  const DeliverBy* const by = options && options->deliver_by ? &*options->deliver_by : nullptr;
  // Delivery time expired: the sender's is final.
  if (news.expired) return by && by->or_return ? "5.4.7" : "4.4.7";
  const std::string_view found = status_in(news.reply);
  if (action == Action::delayed && by && now >= by->at) return "4.4.7";
  if (action == Action::delayed) return found.starts_with('4') ? std::string(found) : "4.0.0";
  return found.empty() ? "5.0.0" : std::string(found);
}

// Not all of it for what is only to travel under TLS (RFC 8689 section 5), nor in other reports
// than those of failures (RFC 3461 section 4.3).
bool returns_all(const Message& original, Action action, std::string_view first_chunk) {
  const Options* const options = original.envelope.options.get();
  return options && options->ret == Options::Return::full && !options->require_tls &&
         action == Action::failed && original.chunks == 1 &&
         first_chunk.size() <= kMaxReturnedBytes && first_chunk.size() == original.size_bytes;
}

}  // namespace

bool wants_report(const Message& message, std::uint32_t index, Action action) {
  const std::optional<Notify>& notify = message.envelope.options_of(index).notify;
  if (notify && notify->is_never()) return false;
  const DeliverBy* by = nullptr;
  if (message.envelope.options && message.envelope.options->deliver_by)
    by = &*message.envelope.options->deliver_by;
  switch (action) {
    case Action::failed:
      return !notify || notify->failure || (by && by->or_return);
    case Action::delayed:
      return (notify && notify->delay) || (by && !by->or_return);
    case Action::relayed:
      return (notify && notify->success) || (by && by->trace);
    case Action::delivered:
      return notify && notify->success;
  }
  return false;
}

std::optional<Report> make_report(const Message& original, std::string_view first_chunk,
                                  Action action, const std::vector<News>& news,
                                  const std::string& reporting_mta, MessageNo no, Time now) {
  if (original.channel != Channel::mail || original.envelope.sender.empty() || news.empty())
    return std::nullopt;

  const std::size_t listed = std::min(news.size(), kMaxInReport);
  const Options* const options = original.envelope.options.get();
  mail::DeliveryReport report{
      .action = action,
      .sender = original.envelope.sender,
      .domain = original.sender_domain.empty() ? reporting_mta : original.sender_domain,
      .reporting_mta = reporting_mta,
      .id = to_id(no),
      .now = now,
      .arrived = original.accepted_at,
      .original_id = original.message_id,
      .envelope_id = options ? options->envelope_id : std::string(),
      .header_block = first_chunk.substr(0, original.header_bytes),
      .content = returns_all(original, action, first_chunk) ? first_chunk : std::string_view(),
      .recipients = {},
      .unlisted = news.size() - listed,
      .smtputf8 = original.envelope.smtputf8};
  for (const News& one : std::span(news).first(listed))
    report.recipients.push_back(
        {.address = original.envelope.recipients.at(one.index),
         .original = original.envelope.options_of(one.index).original_recipient,
         .status = status_of(original, action, one, now),
         .diagnostic = one.reply,
         .expired = one.expired,
         .attempted = !one.transport.empty(),
         .retry_until = one.retry_until});
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

// The part of Engine that gives recipients up and tells their senders.
#include <algorithm>
#include <iterator>

#include "core/log.hpp"
#include "delivery/settlement.hpp"

namespace postern::delivery {
namespace {

// How long the first refusal of a message waits for what becomes of its other recipients.
constexpr Duration kReportPatience = std::chrono::seconds(10);

}  // namespace

Engine::GivenUp& Engine::giving_up(const Job& job, Time now) {
  GivenUp& waiting = given_up_[job.message->no];
  if (!waiting.message) waiting.until = now + kReportPatience;
  waiting.message = job.message;
  waiting.content = job.content;
  return waiting;
}

void Engine::gather_failed(Settlement& from) {
  GivenUp& waiting = giving_up(from.job(), from.now);
  for (const queue::Record& record : from.records) held_.conclude(record.no, record.index);
  std::ranges::move(from.records, std::back_inserter(waiting.records));
  std::ranges::move(from.of(mail::Action::failed), std::back_inserter(waiting.failed));
}

bool Engine::is_worked_on(const Message& message) const {
  for (std::uint32_t index = 0; index < message.envelope.recipients.size(); ++index)
    if (held_.is_worked_on(message.no, index)) return true;
  return false;
}

// A crash before this leaves the attempts open, so uncertain: nothing is lost, the report is late.
void Engine::conclude_given_up(Time now) {
  for (auto entry = given_up_.begin(); entry != given_up_.end();) {
    GivenUp& given_up = entry->second;
    if (!stopping_ && now < given_up.until && is_worked_on(*given_up.message)) {
      given_up.content = nullptr;
      ++entry;
      continue;
    }
    for (queue::Record& record : given_up.records) {
      release({record.no, record.index, std::nullopt});
      change(std::move(record));
    }
    report(*given_up.message, given_up.content, mail::Action::failed, std::move(given_up.failed),
           now);
    entry = given_up_.erase(entry);
  }
}

void Engine::give_up(const Job& job, DeliveryState state, const std::string& reason, Time now) {
  const bool expired = state == DeliveryState::expired;
  std::vector<News> news;
  for (const Copy& copy : job.deliveries) {
    const std::string& recipient = job.message->envelope.recipients[copy.index];
    log::event(log::Level::warning, job.message->id(), expired ? "expired" : "rejected",
               {{"to", recipient}, {"reason", reason}});
    change(queue::Record{.no = job.message->no,
                         .index = copy.index,
                         .token = copy.token,
                         .state = state,
                         .reason = reason,
                         .provider_id = {},
                         .next_attempt_at = now,
                         .first_failed_at = copy.first_failed_at,
                         .outcome = {},
                         .at = now});
    news.push_back({.index = copy.index,
                    .status = {},
                    .reply = expired ? std::string() : reason,
                    .transport = {},
                    .expired = expired});
  }
  forget(job);
  report(*job.message, job.content, mail::Action::failed, std::move(news), now);
}

void Engine::report(const Message& message, const std::shared_ptr<const Content>& known,
                    mail::Action action, std::vector<News> news, Time now) {
  std::erase_if(news, [&](const News& one) { return !wants_report(message, one.index, action); });
  if (news.empty()) return;
  std::shared_ptr<const std::string> chunk;
  try {
    const auto content = known ? known : reader_.content(message);
    if (content) chunk = content->chunk(0);
  } catch (const std::exception&) {
    // The report goes out without the header rather than not at all.
  }
  for (std::size_t begin = 0; begin < news.size(); begin += kMaxInReport) {
    const std::size_t end = std::min(news.size(), begin + kMaxInReport);
    const std::vector<News> some(news.begin() + static_cast<std::ptrdiff_t>(begin),
                                 news.begin() + static_cast<std::ptrdiff_t>(end));
    auto made = make_report(message, chunk ? std::string_view(*chunk) : std::string_view(), action,
                            some, ehlo_name(message.sender_domain), numbers_.next(now), now);
    if (!made) return;
    queue::Start start;
    start.next_attempt_at = now;
    start.expires_at = now + config_->queue.expire_after;
    change(queue::Put{made->message, made->content, {start}},
           {Tag::Kind::put, gathered_.messages.size()});
    change(queue::AddEvent{
        message.no, now, "scheduler", "report",
        some.size() == 1 ? message.envelope.recipients[some.front().index] : std::string(),
        mail::to_string(action) + " reported to the sender in " + made->message->id()});
    gathered_.messages.push_back({made->message, made->content, start});
  }
}

}  // namespace postern::delivery

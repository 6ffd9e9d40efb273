// The part of Engine that keeps mail from suppressed addresses: asked when a way is chosen, so that
// the sender hears at once, and again before each attempt, whatever was added meanwhile. And what
// an attempt's outcome adds to the list.
#include <algorithm>

#include "core/log.hpp"
#include "delivery/engine.hpp"

namespace postern::delivery {
namespace {

std::string reason_of(const Suppression& entry) {
  std::string reason = "suppressed: " + std::string(to_string(entry.reason));
  if (!entry.detail.empty()) reason += ": " + entry.detail;
  return reason;
}

}  // namespace

// Takes the suppressed recipients out of the job; false: none is left. When the store cannot be
// asked nothing is known: store_broken_ is set.
bool Engine::sift(Job& job, Time now) {
  const Message& message = *job.message;
  if (message.channel != Channel::mail) return true;
  const auto may_be = [&](const Copy& copy) {
    return reader_.may_be_suppressed(message.envelope.recipients[copy.index]);
  };
  if (std::ranges::none_of(job.deliveries, may_be)) return true;
  std::vector<Copy> passed;
  std::vector<std::pair<Copy, Suppression>> suppressed;
  try {
    for (const Copy& copy : job.deliveries) {
      std::optional<Suppression> entry;
      if (may_be(copy))
        entry = reader_.suppression(message.envelope.recipients[copy.index], message.sender_domain,
                                    now);
      if (entry)
        suppressed.emplace_back(copy, *entry);
      else
        passed.push_back(copy);
    }
  } catch (const std::exception& error) {
    store_failed(error.what(), now);
    return true;
  }
  for (const auto& [copy, entry] : suppressed) refuse_suppressed(job, copy, entry, now);
  job.deliveries = std::move(passed);
  return !job.deliveries.empty();
}

void Engine::refuse_suppressed(const Job& job, const Copy& copy, const Suppression& entry,
                               Time now) {
  const Message& message = *job.message;
  const std::string reason = reason_of(entry);
  log::event(log::Level::warning, message.id(), "rejected",
             {{"to", message.envelope.recipients[copy.index]},
              {"reason", reason},
              {"source", entry.source}});
  metrics_.suppressed.Add({{"source", entry.source}}).Increment();
  if (!job.doubt.empty())
    metrics_.uncertain.Add({{"transport", job.doubtful_transport}, {"resolution", "suppressed"}})
        .Increment();
  held_.conclude(message.no, copy.index);
  GivenUp& waiting = giving_up(job, now);
  waiting.failed.push_back({.index = copy.index,
                            .status = entry.reason == SuppressionReason::bounce ? "5.1.1" : "5.7.1",
                            .reply = reason,
                            .transport = {}});
  // The operator sees where it comes from; the report does not name our providers.
  waiting.records.push_back(
      {.no = message.no,
       .index = copy.index,
       .token = copy.token,
       .state = DeliveryState::failed,
       .reason = reason + " (" + entry.source + ", " + to_rfc3339(entry.added_at) + ")",
       .provider_id = {},
       .next_attempt_at = now,
       .first_failed_at = copy.first_failed_at,
       .outcome = {},
       .at = now});
}

void Engine::note_suppression(const Message& message, std::uint32_t index, const Outcome& outcome,
                              const std::string& transport, Time now) {
  if (message.channel != Channel::mail || outcome.kind != Outcome::Kind::rejected) return;
  Suppression entry{.address = message.envelope.recipients[index],
                    .sender_domain = message.sender_domain,
                    .source = transport,
                    .added_at = now,
                    .detail = outcome.reply};
  if (outcome.suppressed) {
    entry.reason = *outcome.suppressed;
  } else {
    const Duration keep = config_->suppression.refused_for;
    if (keep == Duration::zero() || outcome.meaning != Meaning::recipient) return;
    entry.reason = SuppressionReason::bounce;
    entry.source = "refused";
    entry.expires_at = now + keep;
  }
  change(queue::Suppress{.entry = std::move(entry), .replace = false});
}

}  // namespace postern::delivery

#include "delivery/route.hpp"

#include <algorithm>

namespace postern::delivery {

std::vector<std::string_view> transports_for(const config::Config& config,
                                             std::string_view sender_domain) {
  const config::Domain* domain = config.find_domain(sender_domain);
  std::vector<std::string_view> names;
  // [[domain]] entries without a "*" mean that other senders have no way out; no entry at all means
  // that every domain has every way out.
  if (!domain && !config.domains.empty()) return names;
  if (domain && !domain->transports.empty())
    names.assign(domain->transports.begin(), domain->transports.end());
  else
    for (const config::Transport& transport : config.transports) names.push_back(transport.name);
  return names;
}

Needs needs_of(const Message& message) {
  const Options* const options = message.envelope.options.get();
  return {.size_bytes = message.size_bytes,
          .smtputf8 = message.envelope.smtputf8,
          .require_tls = options && options->require_tls};
}

bool takes(const transports::Abilities& abilities, const Needs& needs) {
  const bool fits =
      abilities.max_message_bytes == 0 || needs.size_bytes <= abilities.max_message_bytes;
  return fits && (abilities.smtputf8 || !needs.smtputf8) &&
         (abilities.require_tls || !needs.require_tls);
}

namespace {

// With the status that the sender's report gets (RFC 3463).
std::string why_unfit(std::span<const Candidate> candidates, const Needs& needs) {
  const auto would_be_taken = [&](const Needs& some) {
    return std::ranges::any_of(
        candidates, [&](const Candidate& candidate) { return takes(*candidate.abilities, some); });
  };
  if (!would_be_taken({.size_bytes = needs.size_bytes}))
    return "5.3.4 larger than any transport of the sender's domain takes";
  if (needs.require_tls && !would_be_taken({.require_tls = true}))
    return "5.7.30 REQUIRETLS: no transport of the sender's domain can promise TLS on all the way";
  return "5.6.7 no transport that would take the message has SMTPUTF8";
}

Choice go(const Candidate& candidate) {
  return {.kind = Choice::Kind::go, .transport = candidate.transport};
}

}  // namespace

Choice choose(std::span<const Candidate> candidates, const Needs& needs,
              std::span<const TransportIndex> tried) {
  const Candidate* probing = nullptr;
  const Candidate* earliest = nullptr;
  for (const Candidate& candidate : candidates) {
    if (!takes(*candidate.abilities, needs)) continue;
    if (std::ranges::find(tried, candidate.transport) != tried.end()) continue;
    switch (candidate.state) {
      case Candidate::State::open:
      case Candidate::State::canary:
        return go(candidate);
      case Candidate::State::probing:
        if (!probing) probing = &candidate;
        break;
      case Candidate::State::shut:
        if (!earliest || candidate.until < earliest->until) earliest = &candidate;
        break;
    }
  }
  if (probing) return go(*probing);
  if (earliest)
    return {.kind = Choice::Kind::wait,
            .transport = earliest->transport,
            .until = earliest->until,
            .reason = std::string(earliest->reason)};
  if (!tried.empty()) return {};
  if (candidates.empty())
    return {.kind = Choice::Kind::none,
            .reason = "no transport is configured for the sender's domain"};
  return {.kind = Choice::Kind::unfit, .reason = why_unfit(candidates, needs)};
}

}  // namespace postern::delivery

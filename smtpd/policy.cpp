#include "smtpd/policy.hpp"

#include <algorithm>
#include <utility>

#include "smtpd/session.hpp"

namespace postern::smtpd {
namespace {

// Mailgun signs with its own key; mail that is signed twice there is refused or altered.
bool signs_here(const config::Transport& transport) {
  return transport.type != "mailgun" && transport.dkim == config::DkimBy::relay;
}

}  // namespace

ConfigPolicy::ConfigPolicy(std::shared_ptr<const config::Config> config, IsFull is_full,
                           std::shared_ptr<AuthThrottle> throttle)
    : config_(std::move(config)),
      is_full_(std::move(is_full)),
      throttle_(std::move(throttle)),
      credentials_(config_->credentials) {}

bool ConfigPolicy::hide_origin(std::string_view sender_domain) const {
  const config::Domain* const domain = config_->find_domain(sender_domain);
  return domain != nullptr && domain->hide_origin;
}

bool ConfigPolicy::wants_body_hash(std::string_view sender_domain) const {
  const config::Domain* const domain = config_->find_domain(sender_domain);
  if (domain == nullptr || domain->dkim.empty()) return false;
  if (domain->transports.empty())
    return std::any_of(config_->transports.begin(), config_->transports.end(), signs_here);
  return std::any_of(domain->transports.begin(), domain->transports.end(),
                     [&](const std::string& name) {
                       const config::Transport* const transport = config_->find_transport(name);
                       return transport != nullptr && signs_here(*transport);
                     });
}

bool ConfigPolicy::is_full(std::uint64_t more_bytes) const {
  return is_full_ && is_full_(more_bytes);
}

SignIn ConfigPolicy::sign_in(const std::string& user, const std::string& password, const Peer& peer,
                             Time now) const {
  const AuthThrottle::Verdict verdict = throttle_->ask(peer.address, peer.trusted, now);
  if (verdict.locked) return {nullptr, true, verdict.wait};
  const config::Credential* const found = credentials_.find(user, password);
  if (found != nullptr)
    throttle_->succeeded(peer.address);
  else
    throttle_->failed(peer.address, now);
  return {found, false, verdict.wait};
}

}  // namespace postern::smtpd

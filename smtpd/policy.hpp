#pragma once
// Who may relay what, and what is done to a sender's mail at the door. Pure; built from the
// configuration, one per listener and reload; shared by the sessions, read-only.
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "config/config.hpp"
#include "smtpd/auth_throttle.hpp"
#include "smtpd/credentials.hpp"

namespace postern::smtpd {

struct Peer;

/// What becomes of a client's claim to be somebody.
struct SignIn {
  const config::Credential* user = nullptr;  // null: refused; lives as long as the policy
  bool locked = false;                       // too many failures; the password was not looked at
  Duration wait{};                           // before the answer
};

class Policy {
 public:
  virtual ~Policy() = default;
  /// No Received of ours and no private names for this sender's domain (lower case).
  virtual bool hide_origin(std::string_view sender_domain) const = 0;
  /// Some transport may sign for this domain here: hash the body while it arrives.
  virtual bool wants_body_hash(std::string_view sender_domain) const = 0;
  /// The queue has no room for so many more bytes: 452 already at MAIL.
  virtual bool is_full(std::uint64_t more_bytes) const = 0;
  /// Anybody at all can sign in.
  virtual bool knows_users() const = 0;
  virtual SignIn sign_in(const std::string& user, const std::string& password, const Peer& peer,
                         Time now) const = 0;
};

/// The policy a configuration makes. `is_full` says whether the queue lacks room for so many more
/// bytes; it is called on io threads and must be thread-safe.
class ConfigPolicy final : public Policy {
 public:
  using IsFull = std::function<bool(std::uint64_t more_bytes)>;
  ConfigPolicy(std::shared_ptr<const config::Config> config, IsFull is_full,
               std::shared_ptr<AuthThrottle> throttle);

  bool hide_origin(std::string_view sender_domain) const override;
  bool wants_body_hash(std::string_view sender_domain) const override;
  bool is_full(std::uint64_t more_bytes) const override;
  bool knows_users() const override { return !credentials_.empty(); }
  SignIn sign_in(const std::string& user, const std::string& password, const Peer& peer,
                 Time now) const override;

 private:
  std::shared_ptr<const config::Config> config_;
  IsFull is_full_;
  std::shared_ptr<AuthThrottle> throttle_;
  Credentials credentials_;
};

}  // namespace postern::smtpd

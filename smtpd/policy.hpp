#pragma once
// Who may relay what, and what is done to a sender's mail at the door. Pure; built from the
// configuration, one per listener and reload; shared by the sessions, read-only.
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "config/config.hpp"

namespace postern::smtpd {

class Policy {
 public:
  virtual ~Policy() = default;
  /// No Received of ours and no private names for this sender's domain (lower case).
  virtual bool hide_origin(std::string_view sender_domain) const = 0;
  /// Some transport may sign for this domain here: hash the body while it arrives.
  virtual bool wants_body_hash(std::string_view sender_domain) const = 0;
  /// The queue has no room for so many more bytes: 452 already at MAIL.
  virtual bool is_full(std::uint64_t more_bytes) const = 0;
};

/// The policy a configuration makes. `is_full` says whether the queue lacks room for so many more
/// bytes; it is called on io threads and must be thread-safe.
class ConfigPolicy final : public Policy {
 public:
  using IsFull = std::function<bool(std::uint64_t more_bytes)>;
  ConfigPolicy(std::shared_ptr<const config::Config> config, IsFull is_full);

  bool hide_origin(std::string_view sender_domain) const override;
  bool wants_body_hash(std::string_view sender_domain) const override;
  bool is_full(std::uint64_t more_bytes) const override;

 private:
  std::shared_ptr<const config::Config> config_;
  IsFull is_full_;
};

}  // namespace postern::smtpd

#pragma once
// Who may relay what, and what is done to a sender's mail at the door. Pure; built from the
// configuration, one per listener and reload; shared by the sessions, read-only.
#include <string>
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

}  // namespace postern::smtpd

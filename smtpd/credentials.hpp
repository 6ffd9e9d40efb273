#pragma once
// Who may sign in and as whom they may send: the [[credential]]s of a configuration. Built at start
// and on reload; read-only afterwards, so that any thread may ask.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace postern::smtpd {

class Credentials {
 public:
  /// `known` outlives it. Keeps keyed digests, not passwords.
  explicit Credentials(const std::vector<config::Credential>& known);

  /// The user, or null. Takes as long for an unknown user as for a wrong password, and as long for
  /// a password that is nearly right as for any other.
  const config::Credential* find(std::string_view user, std::string_view password) const;
  bool empty() const { return digests_.empty(); }

 private:
  std::string digest(std::string_view user, std::string_view password) const;

  const std::vector<config::Credential>& known_;
  std::string key_;  // random: digests are good for this process only
  std::vector<std::string> digests_;
};

/// `domain` in lower case.
bool may_send_as(const config::Credential& user, std::string_view domain);

/// The first address in From, Sender and their Resent- kin that the user may not send as: its
/// domain, or "" where it has none. nullopt: none. `header` is one that mail::inspect_header took.
std::optional<std::string> forbidden_author(const config::Credential& user,
                                            std::string_view header);

}  // namespace postern::smtpd

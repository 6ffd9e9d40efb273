#pragma once
// The AUTH exchange (RFC 4954; PLAIN is RFC 4616) without credentials to check: who claims no
// identity is let through as nobody, who claims one is refused. Clients whose settings hold blank
// user names send AUTH all the same, advertised or not. Used by smtpd/session; pure.
#include <string_view>

namespace postern::smtpd {

class Authentication {
 public:
  enum class Step {
    challenge,  // send 334 and challenge(), then answer()
    anonymous,  // user name and password are empty
    refused,    // somebody's credentials: none are known here
    malformed,  // not base64, or not what the mechanism wants
    cancelled,  // the client sent "*"
    unknown,    // another mechanism
  };

  /// `argument` of AUTH: a mechanism and perhaps an initial response.
  Step begin(std::string_view argument);
  /// The client's line after a challenge.
  Step answer(std::string_view line);
  /// What follows "334 ".
  std::string_view challenge() const;

 private:
  enum class Awaits { plain, user_name, password };
  Awaits awaits_ = Awaits::plain;
  bool named_ = false;  // LOGIN: the user name was not empty
};

}  // namespace postern::smtpd

#pragma once
// The AUTH exchange (RFC 4954; PLAIN is RFC 4616): what the client claims, not whether it is true.
// Clients whose settings hold blank user names send AUTH all the same, advertised or not, and claim
// nobody's identity with it. Used by smtpd/session; pure.
#include <string>
#include <string_view>

namespace postern::smtpd {

class Authentication {
 public:
  enum class Step {
    challenge,  // send 334 and challenge(), then answer()
    anonymous,  // user name and password are empty
    claimed,    // somebody's: user() and password()
    refused,    // wants to act as somebody other than who signs in
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
  const std::string& user() const { return user_; }
  const std::string& password() const { return password_; }

 private:
  enum class Awaits { plain, user_name, password };
  Step judge_plain(std::string_view message);
  Step judge() const;

  Awaits awaits_ = Awaits::plain;
  std::string user_;
  std::string password_;
};

}  // namespace postern::smtpd

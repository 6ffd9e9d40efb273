#include "smtpd/authentication.hpp"

#include <algorithm>

#include "core/crypto.hpp"
#include "core/text.hpp"

namespace postern::smtpd {
using Step = Authentication::Step;

Step Authentication::begin(std::string_view argument) {
  const auto space = argument.find(' ');
  const std::string_view mechanism = argument.substr(0, space);
  const bool plain = iequals(mechanism, "PLAIN");
  if (!plain && !iequals(mechanism, "LOGIN")) return Step::unknown;
  awaits_ = plain ? Awaits::plain : Awaits::user_name;
  if (space == std::string_view::npos) return Step::challenge;
  const std::string_view response = trim(argument.substr(space));
  return answer(response == "=" ? std::string_view{} : response);  // "=" is the empty response
}

Step Authentication::answer(std::string_view line) {
  if (line == "*") return Step::cancelled;
  auto response = crypto::from_base64(line);
  if (!response) return Step::malformed;
  if (awaits_ == Awaits::plain) return judge_plain(*response);
  if (response->find('\0') != std::string::npos) return Step::malformed;
  if (awaits_ == Awaits::user_name) {
    user_ = std::move(*response);
    awaits_ = Awaits::password;
    return Step::challenge;
  }
  password_ = std::move(*response);
  return judge();
}

// authorisation-id NUL user NUL password, RFC 4616 section 2.
Step Authentication::judge_plain(std::string_view message) {
  if (std::count(message.begin(), message.end(), '\0') != 2) return Step::malformed;
  const auto user_at = message.find('\0') + 1;
  const auto password_at = message.find('\0', user_at) + 1;
  user_ = message.substr(user_at, password_at - 1 - user_at);
  password_ = message.substr(password_at);
  const std::string_view acts_as = message.substr(0, user_at - 1);
  return acts_as.empty() || acts_as == user_ ? judge() : Step::refused;
}

Step Authentication::judge() const {
  return user_.empty() && password_.empty() ? Step::anonymous : Step::claimed;
}

std::string_view Authentication::challenge() const {
  switch (awaits_) {
    case Awaits::plain:
      return "";
    case Awaits::user_name:
      return "VXNlcm5hbWU6";  // "Username:"
    case Awaits::password:
      break;
  }
  return "UGFzc3dvcmQ6";  // "Password:"
}

}  // namespace postern::smtpd

#include "smtpd/authentication.hpp"

#include <algorithm>

#include "core/crypto.hpp"
#include "core/text.hpp"

namespace postern::smtpd {
namespace {

using Step = Authentication::Step;

// authorisation-id NUL user NUL password, RFC 4616 section 2.
Step judge_plain(std::string_view message) {
  if (std::count(message.begin(), message.end(), '\0') != 2) return Step::malformed;
  return message.size() == 2 ? Step::anonymous : Step::refused;
}

}  // namespace

Step Authentication::begin(std::string_view argument) {
  const auto space = argument.find(' ');
  const std::string_view mechanism = argument.substr(0, space);
  const bool plain = iequals(mechanism, "PLAIN");
  if (!plain && !iequals(mechanism, "LOGIN")) return Step::unknown;
  awaits_ = plain ? Awaits::plain : Awaits::user_name;
  named_ = false;
  if (space == std::string_view::npos) return Step::challenge;
  const std::string_view response = trim(argument.substr(space));
  return answer(response == "=" ? std::string_view{} : response);  // "=" is the empty response
}

Step Authentication::answer(std::string_view line) {
  if (line == "*") return Step::cancelled;
  const auto response = crypto::from_base64(line);
  if (!response) return Step::malformed;
  switch (awaits_) {
    case Awaits::plain:
      return judge_plain(*response);
    case Awaits::user_name:
      named_ = !response->empty();
      awaits_ = Awaits::password;
      return Step::challenge;
    case Awaits::password:
      break;
  }
  return named_ || !response->empty() ? Step::refused : Step::anonymous;
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

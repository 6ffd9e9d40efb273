// The dialogue as a table: a verb, what is done, in which phases it may come, and what is said when
// it comes in another (RFC 5321 section 4.1). To add a command: a row here, a verb in verbs.cpp,
// its replies in replies.hpp and docs/smtp-replies.md, a dialogue in tests/golden/dialogues.
#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "smtpd/session_state.hpp"

namespace postern::smtpd {
namespace {

constexpr unsigned kAnyPhase = kSilent | kPlain | kNameless | kReady | kSender;
constexpr unsigned kTlsPhases = kPlain | kNameless | kReady;
constexpr unsigned kAuthPhases = kNameless | kReady;
constexpr unsigned kNotPlain = kAnyPhase & ~kPlain;  // RFC 3207 section 4: nothing else before TLS
constexpr std::uint32_t kMailExtraBytes = 820;       // what the parameters of mail/parameters add
constexpr std::uint32_t kRcptExtraBytes = 540;
constexpr std::uint32_t kAuthExtraBytes = kMaxAuthLineBytes - 512;

// A request of another protocol (RFC 9110, RTSP, SIP: its version stands last), or a header field:
// the client speaks to somebody else, or has not noticed that its DATA was refused. What it says
// next may be anybody's words (ALPACA).
bool is_foreign(const mail::CommandLine& line) {
  static constexpr std::array<std::string_view, 9> kRequests{
      "GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"};
  const auto names = [&](std::string_view request) { return iequals(request, line.verb); };
  const std::string_view version = line.argument.substr(line.argument.rfind(' ') + 1);
  return line.verb.ends_with(':') || std::any_of(kRequests.begin(), kRequests.end(), names) ||
         istarts_with(version, "HTTP/") || istarts_with(version, "RTSP/") ||
         istarts_with(version, "SIP/");
}

}  // namespace

const Session::State::Command& Session::State::find(const mail::CommandLine& line) {
  using S = State;
  using namespace reply;
  // clang-format off
  static constexpr std::array kCommands{
      //       verb        act              phases       out of phase      manners       extra bytes
      Command{"MAIL",     &S::mail,        kReady,      kTransactionOpen, 0,            kMailExtraBytes},
      Command{"RCPT",     &S::rcpt,        kSender,     kMailFirst,       0,            kRcptExtraBytes},
      Command{"DATA",     &S::data,        kSender,     kMailFirst,       kEndsGroup},
      Command{"QUIT",     &S::quit,        kAnyPhase},
      Command{"EHLO",     &S::ehlo,        kAnyPhase,   {},               kNamesClient},
      Command{"HELO",     &S::helo,        kAnyPhase,   {},               kNamesClient},
      Command{"RSET",     &S::rset,        kAnyPhase,   {},               kStandsAlone},
      Command{"NOOP",     &S::noop,        kAnyPhase},
      Command{"VRFY",     &S::vrfy,        kNotPlain},
      Command{"HELP",     &S::help,        kNotPlain},
      Command{"STARTTLS", &S::starttls,    kTlsPhases,  kTransactionOpen, kStandsAlone},
      Command{"AUTH",     &S::auth,        kAuthPhases, kTransactionOpen, 0,            kAuthExtraBytes},
      Command{"EXPN",     &S::not_offered, kAnyPhase},
      Command{"TURN",     &S::not_offered, kAnyPhase},
      Command{"ETRN",     &S::not_offered, kAnyPhase},
      Command{"XCLIENT",  &S::not_offered, kAnyPhase},
      Command{"XFORWARD", &S::not_offered, kAnyPhase},
      Command{"DEBUG",    &S::not_offered, kAnyPhase},
      Command{"WIZ",      &S::not_offered, kAnyPhase},
      Command{"BDAT",     &S::bdat,        kAnyPhase,   {},               kEndsDialogue},  // RFC 3030: a payload follows
  };
  static constexpr Command kForeign{"", &S::not_mail, kAnyPhase, {}, kEndsDialogue};
  static constexpr Command kUnknown{"", &S::unknown, kAnyPhase};
  // clang-format on
  const auto* const row =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&](const Command& known) { return iequals(known.verb, line.verb); });
  if (row != kCommands.end()) return *row;
  return is_foreign(line) ? kForeign : kUnknown;
}

}  // namespace postern::smtpd

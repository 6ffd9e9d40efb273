// How far a client is trusted: STARTTLS (RFC 3207), AUTH (RFC 4954), and what may not come before
// them. The verbs of smtpd/session that change it.
#include <utility>

#include "smtpd/session_state.hpp"

namespace postern::smtpd {
namespace {

constexpr std::uint32_t kMaxAuthFailures = 3;

}  // namespace

// ---- TLS ----------------------------------------------------------------------------------------

bool Session::State::may_start_tls() const {
  using enum config::ListenerTls;
  return tls.empty() && (settings.tls == starttls || settings.tls == required);
}

bool Session::State::needs_tls() const {
  return tls.empty() && settings.tls == config::ListenerTls::required;
}

// Why a verb may not come yet; empty: the phase is not to blame.
std::string_view Session::State::too_early() const {
  if (phase == kSilent) return reply::kHelloFirst;
  if (phase == kPlain) return reply::kTlsFirst;
  return {};
}

// What a client has sent behind STARTTLS may have been slipped in by somebody on the way: it is
// never answered, least of all inside TLS (CVE-2011-0411).
void Session::State::starttls(std::string_view argument) {
  if (!tls.empty()) return refuse(reply::kTlsTwice);
  if (!may_start_tls()) return refuse(reply::kNotOffered);
  if (!argument.empty()) return refuse(reply::kTlsArgument);
  if (more_input) return last_words(reply::kTlsNotLast);
  say(reply::kTlsReady);
  want = Want::tls;
}

// Counters of errors stay: TLS is not a way to begin counting anew.
void Session::encrypted(std::string how) {
  State& state = *state_;
  state.tls = std::move(how);
  state.want = Want::input;
  state.forget_transaction();
  state.phase = kSilent;
  state.client_name.clear();
  state.extended = false;
  state.authenticated = false;
}

// The "with" of Received, RFC 3848 and RFC 6531 section 4.3.
std::string Session::State::protocol() const {
  if (!extended) return "SMTP";
  std::string name = envelope.smtputf8 ? "UTF8SMTP" : "ESMTP";
  if (!tls.empty()) name += 'S';
  return name;
}

// ---- AUTH ---------------------------------------------------------------------------------------

// Blank credentials are nobody's and welcome from a trusted network; all others are refused.
void Session::State::auth(std::string_view argument) {
  if (authenticated) return refuse(reply::kAuthTwice);
  authentication.emplace();
  answer_auth(authentication->begin(argument));
}

void Session::State::answer_auth(Authentication::Step step) {
  using Step = Authentication::Step;
  if (step == Step::challenge) return say("334 " + std::string(authentication->challenge()));
  authentication.reset();
  if (step == Step::anonymous && !peer.trusted) step = Step::refused;
  if (step == Step::anonymous) {
    authenticated = true;
    return say(reply::of(step));
  }
  refuse(reply::of(step));
  if (step == Step::refused && ++auth_failures >= kMaxAuthFailures) want = Want::close;
}

}  // namespace postern::smtpd

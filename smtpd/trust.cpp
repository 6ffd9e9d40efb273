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

// What a client has sent behind STARTTLS may have been slipped in by somebody on the way: it is
// never answered, least of all inside TLS (CVE-2011-0411).
void Session::State::starttls(std::string_view) {
  if (!tls.empty()) return refuse(reply::kTlsTwice);
  if (!may_start_tls()) return refuse(reply::kNotOffered);
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
  state.user = nullptr;
}

// The "with" of Received, RFC 3848 and RFC 6531 section 4.3.
std::string Session::State::protocol() const {
  if (!extended) return "SMTP";
  std::string name = envelope.smtputf8 ? "UTF8SMTP" : "ESMTP";
  if (!tls.empty()) name += 'S';
  if (user != nullptr) name += 'A';
  return name;
}

// ---- AUTH ---------------------------------------------------------------------------------------

bool Session::State::needs_user() const {
  return settings.auth == config::Auth::required && user == nullptr;
}

// A password goes in plain text only where nothing else is offered, or over a network that is
// trusted with the mail itself.
bool Session::State::may_sign_in() const {
  using enum config::ListenerTls;
  if (settings.auth == config::Auth::off) return false;
  return !tls.empty() || settings.tls == none || (settings.tls == starttls && peer.trusted);
}

void Session::State::auth(std::string_view argument) {
  if (authenticated) return refuse(reply::kAuthTwice);
  if (may_start_tls() && !peer.trusted) return refuse(reply::kAuthNeedsTls);
  authentication.emplace();
  answer_auth(authentication->begin(argument));
}

// Blank credentials are nobody's, and welcome from a trusted network.
void Session::State::answer_auth(Authentication::Step step) {
  using Step = Authentication::Step;
  if (step == Step::challenge) return say("334 " + std::string(authentication->challenge()));
  const Authentication claim = std::move(*authentication);
  authentication.reset();
  const bool known = policy.knows_users() && may_sign_in();
  switch (step) {
    case Step::anonymous:
      if (!peer.trusted || needs_user()) break;
      authenticated = true;
      return say(reply::kAuthAsNobody);
    case Step::claimed:
      if (!known) break;
      return sign_in(claim);
    case Step::refused:
      break;
    default:
      return refuse(reply::of(step));
  }
  refuse_sign_in(known ? reply::kAuthWrong : reply::kAuthRefused, Duration{});
}

void Session::State::sign_in(const Authentication& claim) {
  const SignIn answer = policy.sign_in(claim.user(), claim.password(), peer, now);
  reports.push_back({claim.user(), answer.user != nullptr});
  if (answer.locked) return last_words(reply::kAuthLocked);
  if (answer.user == nullptr) return refuse_sign_in(reply::kAuthWrong, answer.wait);
  user = answer.user;
  authenticated = true;
  phase = kReady;
  say_after(answer.wait, std::string(reply::kSignedIn), Want::input);
}

// Guessing gets slow (the wait grows with each failure from that address) and short.
void Session::State::refuse_sign_in(std::string_view line, Duration wait) {
  ++errors;
  if (++auth_failures < kMaxAuthFailures) return say_after(wait, std::string(line), Want::input);
  say_after(wait, std::string(line) + "\r\n" + std::string(reply::kTooManyAuth), Want::close);
}

}  // namespace postern::smtpd

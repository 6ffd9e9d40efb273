#include "transports/smtp_handshake.hpp"

#include <algorithm>
#include <utility>

#include "core/crypto.hpp"
#include "core/text.hpp"

namespace postern::transports {
namespace {

using config::TransportTls;

// RFC 4954 section 3; "AUTH=" is what servers said before it.
void parse_mechanisms(std::string_view words, SmtpExtensions& extensions) {
  for (const std::string_view mechanism : split(words, ' ')) {
    extensions.auth_plain |= iequals(mechanism, "PLAIN");
    extensions.auth_login |= iequals(mechanism, "LOGIN");
  }
}

}  // namespace

SmtpExtensions SmtpExtensions::parse(std::string_view ehlo_text) {
  SmtpExtensions extensions;
  const auto lines = split(ehlo_text, '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {  // the first line is the peer's name
    const std::string_view line = trim(lines[i]);
    const std::string_view keyword = line.substr(0, line.find_first_of(" ="));
    const std::string_view rest =
        keyword.size() < line.size() ? line.substr(keyword.size() + 1) : std::string_view();
    if (iequals(keyword, "PIPELINING")) extensions.pipelining = true;
    if (iequals(keyword, "STARTTLS")) extensions.starttls = true;
    if (iequals(keyword, "8BITMIME")) extensions.eight_bit_mime = true;
    if (iequals(keyword, "SMTPUTF8")) extensions.smtputf8 = true;
    if (iequals(keyword, "DSN")) extensions.dsn = true;
    if (iequals(keyword, "REQUIRETLS")) extensions.require_tls = true;
    if (iequals(keyword, "MT-PRIORITY")) extensions.mt_priority = true;
    if (iequals(keyword, "DELIVERBY")) {
      extensions.deliver_by = true;
      extensions.min_by_seconds = parse_number(trim(rest)).value_or(0);
    }
    if (iequals(keyword, "AUTH")) parse_mechanisms(rest, extensions);
    if (iequals(keyword, "SIZE")) {
      extensions.size = true;
      extensions.max_size_bytes = parse_number(trim(rest)).value_or(0);
    }
  }
  return extensions;
}

Outcome classify_smtp(const ReplyRules& rules, const mail::SmtpReply& reply, Reply::Phase phase,
                      std::size_t recipients, Time now) {
  Reply said;
  said.status = reply.code;
  said.text = reply.text;
  std::replace(said.text.begin(), said.text.end(), '\n', ' ');
  said.phase = phase;
  said.recipients = recipients;
  return classify(rules.rows, said, now, rules.failover_after);
}

SmtpHandshake::SmtpHandshake(SmtpIdentity identity, ReplyRules rules)
    : identity_(std::move(identity)), rules_(rules) {
  if (identity_.tls == TransportTls::implicit) step_ = Step::start_tls;
}

void SmtpHandshake::receive(const mail::SmtpReply& reply, Time now, std::string& output) {
  // RFC 5321 section 3.8: 421 may answer anything; the peer closes after it.
  if (reply.code == 421) return refused(reply, Reply::Phase::greeting, now);
  switch (state_) {
    case State::greeting:
      if (reply.code != 220) return refused(reply, Reply::Phase::greeting, now);
      return say_ehlo(output);
    case State::ehlo:
      if (reply.code == 250) {
        extensions_ = SmtpExtensions::parse(reply.text);
        return after_ehlo(output);
      }
      // RFC 5321 section 3.2: a server from before ESMTP.
      if (reply.code < 500) return refused(reply, Reply::Phase::greeting, now);
      state_ = State::helo;
      output += "HELO " + identity_.ehlo_name + "\r\n";
      return;
    case State::helo:
      if (!reply.is_positive()) return refused(reply, Reply::Phase::greeting, now);
      return after_ehlo(output);
    case State::starttls:
      return after_starttls(reply, now, output);
    case State::auth_plain:
    case State::auth_user:
    case State::auth_password:
      return after_auth(reply, now, output);
  }
}

void SmtpHandshake::say_ehlo(std::string& output) {
  state_ = State::ehlo;
  output += "EHLO " + identity_.ehlo_name + "\r\n";
}

void SmtpHandshake::after_ehlo(std::string& output) {
  const bool wants_tls =
      identity_.tls == TransportTls::starttls || identity_.tls == TransportTls::opportunistic;
  if (wants_tls && !is_encrypted_) {
    if (extensions_.starttls) {
      state_ = State::starttls;
      output += "STARTTLS\r\n";
      return;
    }
    if (identity_.tls == TransportTls::starttls)
      return misconfigured("smtp.no-starttls", "the smarthost does not offer STARTTLS");
  }
  authenticate(output);
}

void SmtpHandshake::after_starttls(const mail::SmtpReply& reply, Time now, std::string& output) {
  if (reply.code == 220)
    step_ = Step::start_tls;
  else if (identity_.tls == TransportTls::opportunistic)
    authenticate(output);
  else
    refused(reply, Reply::Phase::greeting, now);
}

// RFC 3207 section 4.2: what was learned before TLS is forgotten.
void SmtpHandshake::tls_started(std::string& output) {
  step_ = Step::read;
  is_encrypted_ = true;
  extensions_ = {};
  if (state_ == State::starttls) say_ehlo(output);
}

// A certificate does not mend itself: somebody has to hear of it.
void SmtpHandshake::tls_failed(std::string why, bool untrusted) {
  if (untrusted)
    misconfigured("smtp.untrusted-certificate", std::move(why));
  else
    fail(Outcome::unreachable(std::move(why)));
}

void SmtpHandshake::authenticate(std::string& output) {
  if (identity_.username.empty()) {
    step_ = Step::ready;
    return;
  }
  // Whoever strips STARTTLS from the offer must not get the password for it.
  if (identity_.tls == TransportTls::opportunistic && !is_encrypted_)
    return misconfigured("smtp.no-tls-for-auth",
                         "no TLS to send the password through; tls = \"none\" would allow it");
  if (extensions_.auth_plain) {
    state_ = State::auth_plain;
    const std::string nul(1, '\0');
    output += "AUTH PLAIN " +
              crypto::to_base64(nul + identity_.username + nul + identity_.password.reveal()) +
              "\r\n";
  } else if (extensions_.auth_login) {
    state_ = State::auth_user;
    output += "AUTH LOGIN\r\n";
  } else {
    misconfigured("smtp.no-auth", "the smarthost offers neither AUTH PLAIN nor AUTH LOGIN");
  }
}

void SmtpHandshake::after_auth(const mail::SmtpReply& reply, Time now, std::string& output) {
  if (reply.code == 334 && state_ == State::auth_user) {
    state_ = State::auth_password;
    output += crypto::to_base64(identity_.username) + "\r\n";
  } else if (reply.code == 334 && state_ == State::auth_password) {
    // The next reply decides; a further challenge finds auth_plain and is refused.
    state_ = State::auth_plain;
    output += crypto::to_base64(identity_.password.reveal()) + "\r\n";
  } else if (reply.is_positive() && state_ == State::auth_plain) {
    step_ = Step::ready;
  } else {
    refused(reply, Reply::Phase::auth, now);
  }
}

void SmtpHandshake::refused(const mail::SmtpReply& reply, Reply::Phase phase, Time now) {
  fail(reply.is_refusal() ? classify_smtp(rules_, reply, phase, 1, now)
                          : Outcome::unreachable("unexpected reply: " + reply.to_line()));
}

void SmtpHandshake::misconfigured(std::string_view rule, std::string why) {
  Outcome outcome = Outcome::unreachable(std::move(why));
  outcome.meaning = Meaning::configuration;
  outcome.rule = rule;
  outcome.alert = true;
  fail(std::move(outcome));
}

void SmtpHandshake::fail(Outcome outcome) {
  step_ = Step::failed;
  failure_ = std::move(outcome);
}

}  // namespace postern::transports

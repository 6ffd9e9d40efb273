#pragma once
// The beginning of the SMTP client dialogue, without sockets: greeting, EHLO (or HELO), STARTTLS
// (RFC 3207), AUTH PLAIN or LOGIN (RFC 4954, RFC 4616). Part of SmtpClient. Pure: replies in,
// commands and the next step out. A failure is an Outcome that goes to every waiting message.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "core/outcome.hpp"
#include "mail/smtp_reply.hpp"
#include "transports/classify.hpp"

namespace postern::transports {

/// What to make of replies; `rows` outlive their users.
struct ReplyRules {
  std::span<const Rule> rows;
  Duration failover_after = std::chrono::seconds(30);  // for classify()
};

/// How to introduce ourselves to one smarthost.
struct SmtpIdentity {
  std::string ehlo_name;
  config::TransportTls tls = config::TransportTls::starttls;
  std::string username;  // empty: no AUTH
  Secret password;
  bool verifies = false;  // TLS does not begin without a certificate that is right
};

/// What the peer's EHLO offered.
struct SmtpExtensions {
  bool pipelining = false;           // RFC 2920
  bool starttls = false;             // RFC 3207
  bool size = false;                 // RFC 1870
  bool eight_bit_mime = false;       // RFC 6152
  bool smtputf8 = false;             // RFC 6531
  bool dsn = false;                  // RFC 3461
  bool require_tls = false;          // RFC 8689
  bool mt_priority = false;          // RFC 6710
  bool deliver_by = false;           // RFC 2852
  std::uint64_t min_by_seconds = 0;  // the shortest time it takes for R; 0: any
  bool auth_plain = false;
  bool auth_login = false;
  std::uint64_t max_size_bytes = 0;  // 0: no limit named

  static SmtpExtensions parse(std::string_view ehlo_text);
};

class SmtpHandshake {
 public:
  SmtpHandshake(SmtpIdentity identity, ReplyRules rules);

  enum class Step { read, start_tls, ready, failed };
  Step step() const { return step_; }
  /// Commands are appended to `output`.
  void receive(const mail::SmtpReply& reply, Time now, std::string& output);
  /// The TLS handshake that start_tls asked for is done.
  void tls_started(std::string& output);
  void tls_failed(std::string why, bool untrusted);
  /// Why it failed; also for what happens to the connection itself.
  void fail(Outcome outcome);

  const Outcome& failure() const { return failure_; }
  const SmtpExtensions& extensions() const { return extensions_; }
  bool is_encrypted() const { return is_encrypted_; }
  bool verifies() const { return identity_.verifies; }

 private:
  enum class State { greeting, ehlo, helo, starttls, auth_plain, auth_user, auth_password };

  void say_ehlo(std::string& output);
  void after_ehlo(std::string& output);
  void after_starttls(const mail::SmtpReply& reply, Time now, std::string& output);
  void authenticate(std::string& output);
  void after_auth(const mail::SmtpReply& reply, Time now, std::string& output);
  void refused(const mail::SmtpReply& reply, Reply::Phase phase, Time now);
  void misconfigured(std::string_view rule, std::string why);

  SmtpIdentity identity_;
  ReplyRules rules_;
  Step step_ = Step::read;
  State state_ = State::greeting;
  bool is_encrypted_ = false;
  SmtpExtensions extensions_;
  Outcome failure_;
};

/// What `rules` make of a reply.
Outcome classify_smtp(const ReplyRules& rules, const mail::SmtpReply& reply, Reply::Phase phase,
                      std::size_t recipients, Time now);

}  // namespace postern::transports

#pragma once
// Inside the session: its memory, shared by the machinery (session.cpp), the table of
// commands and the verbs. Nobody else includes this.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "mail/address.hpp"
#include "mail/command.hpp"
#include "mail/line.hpp"
#include "mail/parameters.hpp"
#include "smtpd/authentication.hpp"
#include "smtpd/policy.hpp"
#include "smtpd/reception.hpp"
#include "smtpd/replies.hpp"
#include "smtpd/session.hpp"

namespace postern::smtpd {

constexpr std::uint32_t kMaxAuthLineBytes = 12'288;  // RFC 4954 section 4
// A line that was cut must be too long for every command.
static_assert(kMaxAuthLineBytes <= mail::LineFraming::kMaxKeptBytes);

/// How far a client has come; one bit each, so that the table can say where a verb may stand.
enum Phase : unsigned {
  kSilent = 1,    // no EHLO yet
  kPlain = 2,     // introduced, but TLS must come first
  kNameless = 4,  // introduced, but AUTH must come first
  kReady = 8,     // between messages
  kSender = 16,   // MAIL was accepted
  kContent = 32,  // after 354
};

/// What else is to be known of a verb; one bit each.
enum Manner : unsigned {
  kNamesClient = 1,   // too long a line is too long a name
  kStandsAlone = 2,   // takes no argument (RFC 5321 section 4.1.1)
  kEndsGroup = 4,     // nothing may follow it before its answer
  kEndsDialogue = 8,  // nothing that follows it may be taken for commands
};

struct Session::State {
  State(const SessionSettings& session_settings, Peer client, const Policy& door_policy,
        NumberSource& number_source)
      : settings(session_settings),
        peer(std::move(client)),
        policy(door_policy),
        numbers(number_source),
        reception(session_settings, door_policy) {}

  /// One row of the table of commands.
  struct Command {
    std::string_view verb;
    void (State::*act)(std::string_view argument);
    unsigned phases;
    std::string_view out_of_phase = {};  // after EHLO; before it all get the same answer
    unsigned manners = 0;
    std::uint32_t extra_bytes = 0;  // by how much its line may exceed the others'
    constexpr bool has(Manner manner) const { return (manners & manner) != 0; }
  };
  static const Command& find(const mail::CommandLine& line);

  // The verbs.
  void ehlo(std::string_view argument);
  void helo(std::string_view argument);
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void data(std::string_view argument);
  void rset(std::string_view argument);
  void noop(std::string_view argument);
  void vrfy(std::string_view argument);
  void help(std::string_view argument);
  void quit(std::string_view argument);
  void starttls(std::string_view argument);
  void auth(std::string_view argument);
  void bdat(std::string_view argument);
  void not_offered(std::string_view argument);
  void not_mail(std::string_view argument);
  void unknown(std::string_view argument);

  // What they share.
  bool meet(std::string_view argument);
  bool may_start_tls() const;
  bool needs_tls() const;
  bool needs_user() const;
  bool may_sign_in() const;
  std::string protocol() const;
  std::string_view refusal_of(const mail::Path& path, std::string_view literal_refused) const;
  void turn_away(std::string_view line);
  void answer_auth(Authentication::Step step);
  void sign_in(const Authentication& claim);
  void refuse_sign_in(std::string_view line, Duration wait);
  void offer_options();
  Options& ask();
  /// The refusal, where it asks for what cannot be done.
  std::string_view note_options(const mail::MailParameters& parameters);
  std::string_view note_hold(const mail::MailParameters& parameters);
  /// For the recipient that was added last.
  void note_options(const mail::RcptParameters& parameters);
  Envelope take_envelope();
  void count_idle(std::string_view line);
  bool is_idling();
  void forget_transaction();

  // The machinery.
  std::size_t take_command(std::string_view bytes);
  void obey(std::string_view line);
  /// The command does not fit where the client is.
  void refuse_now(const Command& row);
  std::size_t take_content(std::string_view bytes);
  void end_message();
  void say(std::string_view line) { output.append(line).append("\r\n"); }
  /// A permanent refusal of a command; too many of them end the dialogue.
  void refuse(std::string_view line);
  void last_words(std::string_view line);
  /// last_words() of a client that is a nuisance.
  void send_away(std::string_view line);
  /// say(), but only after a while; `next` is what is wanted then.
  void say_after(Duration wait, std::string line, Want next);
  void resume();

  const SessionSettings& settings;
  const Peer peer;
  const Policy& policy;
  NumberSource& numbers;
  mail::LineFraming lines;
  Reception reception;

  Want want = Want::input;
  std::string output;
  Duration pause{};
  std::string after_pause;
  Want want_after_pause = Want::input;
  Time now{};
  Phase phase = kSilent;
  bool greeted = false;
  bool shutting_down = false;
  bool owes_farewell = false;  // a message was just answered: the client's QUIT may be on its way
  bool more_input = false;     // bytes follow the command that is being obeyed

  std::string tls;  // how the connection is encrypted; empty: it is not
  std::string client_name;
  bool extended = false;  // EHLO, not HELO
  Envelope envelope;
  std::optional<Options> asked;  // of the envelope
  std::optional<int> priority;
  std::unordered_set<std::string> known_recipients;
  bool recipient_refused = false;
  std::string refusal;                           // the first since take_refusal()
  std::optional<Authentication> authentication;  // under way
  bool authenticated = false;                    // AUTH succeeded, be it as nobody
  const config::Credential* user = nullptr;
  std::vector<SignInReport> reports;
  std::uint32_t errors = 0;
  std::uint32_t idle_commands = 0;
  std::uint32_t auth_failures = 0;
};

}  // namespace postern::smtpd

// What the verbs of the table (smtpd/commands) do; those of TLS and AUTH are in smtpd/trust, what
// clients may ask for besides delivery in smtpd/options.
#include "mail/command.hpp"
#include "smtpd/session_state.hpp"

namespace postern::smtpd {

// ---- Introductions ------------------------------------------------------------------------------

bool Session::State::meet(std::string_view argument) {
  if (!mail::is_client_name(argument)) {
    refuse(reply::kBadClientName);
    return false;
  }
  if (phase != kSilent && is_idling()) return false;
  forget_transaction();
  phase = needs_tls() ? kPlain : needs_user() ? kNameless : kReady;
  client_name = argument;
  return true;
}

// AUTH without users would invite credentials that nobody here can check; the clients that send
// blank ones do so unasked.
void Session::State::ehlo(std::string_view argument) {
  if (!meet(argument)) return;
  extended = true;
  say("250-" + settings.hostname);
  say("250-PIPELINING");
  say("250-SIZE " + std::to_string(settings.max_message_bytes));
  say("250-8BITMIME");
  offer_options();
  say("250-SMTPUTF8");
  if (may_start_tls()) say("250-STARTTLS");
  if (policy.knows_users() && may_sign_in()) say("250-AUTH PLAIN LOGIN");
  say("250 ENHANCEDSTATUSCODES");
}

void Session::State::helo(std::string_view argument) {
  if (!meet(argument)) return;
  extended = false;
  say("250 " + settings.hostname);
}

// ---- A message ----------------------------------------------------------------------------------

std::string_view Session::State::refusal_of(const mail::Path& path,
                                            std::string_view literal_refused) const {
  if (path.is_literal) return literal_refused;
  if (path.is_utf8 && !envelope.smtputf8) return reply::kNeedsUtf8;
  return {};
}

// Refuses mail, not just a command: somebody will want to know why.
void Session::State::turn_away(std::string_view line) {
  if (refusal.empty()) refusal = line;
  const bool temporary = line.starts_with('4');
  return temporary ? say(line) : refuse(line);
}

void Session::State::mail(std::string_view argument) {
  const auto command = mail::parse_mail(argument);
  if (!command) {
    turn_away(reply::of(command.error(), true));
    if (command.error() == mail::CommandFault::open_quote) want = Want::close;
    return;
  }
  const mail::MailParameters& parameters = command->parameters;
  const std::uint64_t size_bytes = parameters.size_bytes.value_or(0);
  if (size_bytes > settings.max_message_bytes)
    return turn_away(reply::too_large(settings.max_message_bytes));
  envelope.smtputf8 = parameters.smtputf8;
  envelope.eight_bit_mime = parameters.eight_bit_mime;
  asked.reset();
  priority = parameters.priority;
  std::string_view fault = refusal_of(command->sender, reply::kSenderLiteral);
  if (fault.empty()) fault = note_options(parameters);
  if (!fault.empty()) return turn_away(fault);
  if (policy.is_full(size_bytes)) return turn_away(reply::kQueueFull);
  const std::string domain = mail::domain_of(command->sender.address);
  if (user != nullptr && !domain.empty() && !may_send_as(*user, domain))
    return turn_away(reply::not_your_sender(*user, domain));
  envelope.sender = command->sender.address;
  phase = kSender;
  say(reply::kSenderOk);
}

// Whatever is well-formed is taken: a client drops the whole message when one recipient is refused,
// and what is wrong with an address shows later and is reported then.
void Session::State::rcpt(std::string_view argument) {
  const auto command = mail::parse_rcpt(argument, envelope.smtputf8);
  std::string_view fault;
  if (!command)
    fault = reply::of(command.error(), false);
  else if (!peer.trusted && user == nullptr)
    fault = may_sign_in() && policy.knows_users() ? reply::kSignInToRelay : reply::kRelayDenied;
  else
    fault = refusal_of(command->recipient, reply::kRecipientLiteral);
  if (!fault.empty()) {
    recipient_refused = true;
    turn_away(fault);
    if (!command && command.error() == mail::CommandFault::open_quote) want = Want::close;
    return;
  }

  std::string recipient(command->recipient.address);
  if (recipient.find('@') == std::string::npos)
    recipient += "@" + settings.hostname;  // <Postmaster>
  // Twice the same is delivered once. Only domains compare without case (RFC 5321 section 2.4).
  std::string key = recipient.substr(0, recipient.rfind('@') + 1) + mail::domain_of(recipient);
  if (known_recipients.contains(key)) return say(reply::kRecipientOk);
  if (envelope.recipients.size() >= settings.max_recipients)
    return turn_away(reply::kTooManyRecipients);
  known_recipients.insert(std::move(key));
  envelope.recipients.push_back(std::move(recipient));
  note_options(command->parameters);
  say(reply::kRecipientOk);
}

void Session::State::data(std::string_view argument) {
  // Not 501: a client that takes 50x for a misunderstanding would lose the mail.
  if (!argument.empty()) return refuse(reply::kDataArgument);
  if (envelope.recipients.empty())
    return refuse(recipient_refused ? reply::kNoRecipients : reply::kRecipientFirst);
  Origin origin{client_name, peer.address, protocol(), tls, user};
  reception.begin(numbers.next(now), take_envelope(), std::move(origin), priority, now);
  forget_transaction();
  phase = kContent;
  say(reply::kStartContent);
}

// ---- The rest -----------------------------------------------------------------------------------

void Session::State::rset(std::string_view) {
  forget_transaction();
  count_idle(reply::kOk);
}

void Session::State::noop(std::string_view) {
  count_idle(reply::kOk);
}
void Session::State::vrfy(std::string_view) {
  count_idle(reply::kCannotVerify);
}
void Session::State::help(std::string_view) {
  count_idle(reply::kHelp);
}
void Session::State::quit(std::string_view) {
  last_words(reply::kBye);
}
void Session::State::not_offered(std::string_view) {
  refuse(reply::kNotOffered);
}
void Session::State::unknown(std::string_view) {
  refuse(reply::kUnknownCommand);
}
void Session::State::not_mail(std::string_view) {
  last_words(reply::kNotMail);
}
void Session::State::bdat(std::string_view) {
  last_words(reply::kBdatNotOffered);
}

void Session::State::count_idle(std::string_view line) {
  if (!is_idling()) say(line);
}

bool Session::State::is_idling() {
  if (++idle_commands <= settings.max_idle_commands) return false;
  send_away(reply::kTooManyIdle);
  return true;
}

void Session::State::forget_transaction() {
  envelope = Envelope{};
  asked.reset();
  known_recipients.clear();
  recipient_refused = false;
  if (phase > kReady) phase = kReady;
}

}  // namespace postern::smtpd

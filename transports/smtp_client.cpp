#include "transports/smtp_client.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "transports/smtp_parameters.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
using Phase = Reply::Phase;

// RFC 5321 section 4.5.3.2.
constexpr Duration kCommandPatience = 5min;
constexpr Duration kDataPatience = 2min;
constexpr Duration kEndPatience = 10min;

constexpr std::string_view kTooManyRecipients = "smtp.too-many-recipients";  // the rule's name

// What would end the command line or the path early (RFC 5321 section 4.1.2); smtpd lets nothing
// of it in.
bool is_safe(std::string_view address) {
  return std::all_of(address.begin(), address.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

Outcome refuse(std::string_view rule, std::string why, FailOver fail_over) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::rejected;
  outcome.meaning = Meaning::message;
  outcome.blame = Blame::message;
  outcome.fail_over = fail_over;
  outcome.reply = std::move(why);
  outcome.rule = rule;
  return outcome;
}

// "250 2.0.0 Ok: queued as 4WfZ2x1Jz" (Postfix, OpenSMTPD, Postern); empty where a peer names none.
std::string queue_id(std::string_view text) {
  constexpr std::string_view kMark = "queued as ";
  const std::size_t at = ifind(text, kMark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + kMark.size());
  return escape(rest.substr(0, rest.find_first_of(" \r\n;,)")), 200);
}

}  // namespace

void SmtpClient::Open::decide_rest(const Outcome& outcome) {
  for (auto& one : outcomes)
    if (!one) one = outcome;
}

SmtpClient::SmtpClient(SmtpIdentity identity, ReplyRules rules, Duration timeout)
    : rules_(rules), timeout_(timeout), handshake_(std::move(identity), rules) {}

SmtpClient::Want SmtpClient::want() const {
  using Step = SmtpHandshake::Step;
  if (is_closing_ || handshake_.step() == Step::failed) return Want::close;
  if (handshake_.step() == Step::start_tls) return Want::start_tls;
  if (handshake_.step() == Step::read || is_quitting_) return Want::input;
  if (open_.empty()) return Want::work;
  return open_.front().body == Body::wanted ? Want::content : Want::input;
}

Duration SmtpClient::patience() const {
  if (open_.empty()) return std::min(timeout_, kCommandPatience);
  const Open& front = open_.front();
  if (front.body == Body::ended) return kEndPatience;
  const bool awaits_data = front.answered + 1 == front.commands();
  return std::min(timeout_, awaits_data ? kDataPatience : kCommandPatience);
}

void SmtpClient::tls_started() {
  reader_.reset();
  handshake_.tls_started(output_);
}

void SmtpClient::tls_failed(std::string why, bool untrusted) {
  handshake_.tls_failed(std::move(why), untrusted);
}

// RFC 2920 section 3.1 allows the next envelope in one group with the end of the content before it.
bool SmtpClient::may_begin() const {
  if (!is_ready() || is_closing_ || is_quitting_) return false;
  if (open_.empty()) return true;
  return handshake_.extensions().pipelining && open_.size() == 1 &&
         open_.front().body == Body::ended;
}

std::optional<Outcome> SmtpClient::obstacle(const SmtpTransaction& transaction) const {
  const Envelope& envelope = transaction.message->envelope;
  const SmtpExtensions& extensions = handshake_.extensions();
  bool safe = is_safe(envelope.sender);
  for (const std::uint32_t index : transaction.recipients)
    safe = safe && is_safe(envelope.recipients.at(index));
  if (!safe)
    return refuse("smtp.unsafe-address", "an address has control characters", FailOver::never);
  // RFC 6531 section 3.1: no silent downgrade; another transport may have it.
  if (envelope.smtputf8 && !extensions.smtputf8)
    return refuse("smtp.no-smtputf8", "the smarthost does not offer SMTPUTF8", FailOver::now);
  if (const auto why =
          why_impossible(*transaction.message, extensions,
                         handshake_.is_encrypted() && handshake_.verifies(), transaction.at))
    return refuse("smtp.cannot-promise", *why, FailOver::now);
  if (extensions.max_size_bytes != 0 && transaction.size_bytes > extensions.max_size_bytes)
    return refuse("smtp.too-large",
                  "the message is larger than the smarthost's SIZE " +
                      std::to_string(extensions.max_size_bytes),
                  FailOver::now);
  return std::nullopt;
}

std::optional<Report> SmtpClient::begin(SmtpTransaction transaction) {
  if (const auto outcome = obstacle(transaction))
    return Report(transaction.recipients.size(), *outcome);
  if (needs_reset_) {
    output_ += "RSET\r\n";
    needs_reset_ = false;
    awaits_reset_ = true;
  }
  Open& open = open_.emplace_back();
  open.outcomes.resize(transaction.recipients.size());
  open.what = std::move(transaction);
  pump();
  return std::nullopt;
}

bool SmtpClient::may_send_next(const Open& open) const {
  if (open.sent == open.commands()) return false;
  if (handshake_.extensions().pipelining) return true;
  return !awaits_reset_ && open.sent == open.answered;
}

void SmtpClient::pump() {
  Open& last = open_.back();
  while (may_send_next(last)) write_command(last, last.sent++);
}

// The bytes of the body pass unchanged whether or not the peer offers 8BITMIME: every server of
// today takes them, converting would break signatures, refusing would lose mail.
void SmtpClient::write_command(const Open& open, std::uint32_t index) {
  const Envelope& envelope = open.what.message->envelope;
  const SmtpExtensions& extensions = handshake_.extensions();
  if (index == 0) {
    output_ += "MAIL FROM:<";
    output_ += envelope.sender;
    output_ += '>';
    if (extensions.size) output_ += " SIZE=" + std::to_string(open.what.size_bytes);
    if (extensions.eight_bit_mime && envelope.eight_bit_mime) output_ += " BODY=8BITMIME";
    if (envelope.smtputf8) output_ += " SMTPUTF8";
    append_parameters(output_, extensions, *open.what.message, open.what.at);
  } else if (index + 1 < open.commands()) {
    const std::uint32_t recipient = open.what.recipients[index - 1];
    output_ += "RCPT TO:<";
    output_ += envelope.recipients.at(recipient);
    output_ += '>';
    append_parameters(output_, extensions, envelope.options_of(recipient));
  } else {
    output_ += "DATA";
  }
  output_ += "\r\n";
}

bool SmtpClient::receive(std::string_view bytes, Time now) {
  using Found = mail::SmtpReplyReader::Found;
  bool any = false;
  while (want() != Want::close) {
    // RFC 3207 section 4.2, CVE-2011-0411: what came in plain text behind the 220 counts for
    // nothing.
    if (want() == Want::start_tls) return any;
    const Found found = reader_.next(bytes);
    if (found == Found::nothing) return any;
    any = true;
    if (found == Found::garbage)
      protocol_error("the peer's reply is not SMTP");
    else
      handle(reader_.reply(), now);
  }
  return any;
}

void SmtpClient::handle(const mail::SmtpReply& reply, Time now) {
  if (!is_ready()) return handshake_.receive(reply, now, output_);
  if (is_quitting_) {
    is_closing_ = true;
    return;
  }
  if (open_.empty()) return protocol_error("unexpected reply: " + reply.to_line());
  if (reply.code == 421) return shutting_down(reply, now);
  if (awaits_reset_) {
    awaits_reset_ = false;
    if (!reply.is_positive()) return protocol_error("RSET refused: " + reply.to_line());
    return pump();
  }
  Open& open = open_.front();
  if (open.answered < open.sent) {
    const std::uint32_t index = open.answered++;
    if (index == 0)
      mail_answered(open, reply, now);
    else if (index + 1 < open.commands())
      recipient_answered(open, index - 1, reply, now);
    else
      return data_answered(open, reply, now);
    if (!is_closing_) end_if_hopeless();
  } else if (open.body == Body::ended || open.body == Body::lone_dot) {
    end_answered(open, reply, now);
  } else {
    protocol_error("unexpected reply: " + reply.to_line());
  }
}

void SmtpClient::mail_answered(Open& open, const mail::SmtpReply& reply, Time now) {
  if (reply.is_positive()) {
    open.mail_accepted = true;
    ++served_;
  } else if (reply.is_refusal()) {
    open.decide_rest(classify_smtp(rules_, reply, Phase::mail_from, 1, now));
  } else {
    protocol_error("unexpected reply to MAIL: " + reply.to_line());
  }
}

void SmtpClient::recipient_answered(Open& open, std::uint32_t index, const mail::SmtpReply& reply,
                                    Time now) {
  if (open.outcomes[index]) return;  // MAIL was refused
  if (reply.is_positive()) {
    ++open.accepted;
    return;
  }
  if (!reply.is_refusal()) return protocol_error("unexpected reply to RCPT: " + reply.to_line());
  mail::SmtpReply read = reply;
  // RFC 5321 section 4.5.3.1.10: at RCPT 552 means 452, too many recipients.
  if (read.code == 552) read.code = 452;
  Outcome outcome = classify_smtp(rules_, read, Phase::rcpt_to, 1, now);
  const bool says_so = outcome.rule == kTooManyRecipients;
  const bool is_block =
      outcome.meaning == Meaning::blocked || outcome.meaning == Meaning::configuration;
  const bool may_mean_it =
      read.code == 452 && outcome.blame == Blame::transport && !is_block && !outcome.retry_at;
  if (open.accepted > 0 && (says_so || may_mean_it)) {
    outcome.rule = kTooManyRecipients;
    outcome.blame = Blame::none;
    outcome.fail_over = FailOver::never;
    outcome.left_out = true;
  } else if (says_so) {  // with room for nobody it is the peer that has a fault
    outcome.blame = Blame::transport;
    outcome.fail_over = FailOver::later;
  }
  open.outcomes[index] = std::move(outcome);
}

void SmtpClient::data_answered(Open& open, const mail::SmtpReply& reply, Time now) {
  if (reply.code == 354 && open.accepted > 0) {
    open.body = Body::wanted;
  } else if (reply.code == 354) {
    // RFC 2920 section 3.1: nobody to send to, yet the peer waits for content.
    open.body = Body::lone_dot;
    output_ += ".\r\n";
  } else if (reply.is_refusal()) {
    open.decide_rest(classify_smtp(rules_, reply, Phase::data, open.accepted, now));
    needs_reset_ = open.mail_accepted;
    finish_front();
  } else {
    protocol_error("unexpected reply to DATA: " + reply.to_line());
  }
}

void SmtpClient::end_answered(Open& open, const mail::SmtpReply& reply, Time now) {
  if (reply.is_positive()) {
    Outcome delivered = Outcome::delivered(reply.to_line(), queue_id(reply.text));
    if (handshake_.extensions().dsn) delivered.onward = Onward::tells;
    open.decide_rest(delivered);
  } else if (reply.is_refusal()) {
    open.decide_rest(classify_smtp(rules_, reply, Phase::content, open.accepted, now));
  } else {
    return protocol_error("unexpected reply to the content: " + reply.to_line());
  }
  finish_front();
}

// Without PIPELINING: stop as soon as nobody is left; with it the whole envelope is out already.
void SmtpClient::end_if_hopeless() {
  Open& open = open_.front();
  const bool recipients_answered = open.answered + 1 >= open.commands();
  const bool hopeless = !open.mail_accepted || (recipients_answered && open.accepted == 0);
  if (!hopeless || open.sent > open.answered) return pump();
  needs_reset_ = open.mail_accepted;
  finish_front();
}

// 421 is the peer's farewell whatever it answers (RFC 5321 section 3.8). To the first command on a
// connection that has served before it only says that this connection is at its end.
void SmtpClient::shutting_down(const mail::SmtpReply& reply, Time now) {
  const Open& open = open_.front();
  const Phase phase = open.body == Body::ended ? Phase::content
                      : open.answered == 0     ? Phase::mail_from
                                               : Phase::rcpt_to;
  abandon(classify_smtp(rules_, reply, phase, 1, now), open.answered == 0 && served_ > 0);
}

void SmtpClient::content_started() {
  open_.front().body = Body::flowing;
}

void SmtpClient::content_ended() {
  open_.front().body = Body::ended;
}

void SmtpClient::lost(const std::string& why, bool end_may_have_left) {
  if (!is_ready()) return handshake_.fail(Outcome::unreachable(why));
  if (is_closing_) return;
  if (open_.empty()) {
    is_closing_ = true;
    return;
  }
  const Open& open = open_.front();
  if (open.body == Body::ended && end_may_have_left)
    abandon(Outcome::uncertain(why), false);
  else
    abandon(Outcome::unreachable(why), open.answered == 0 && served_ > 0);
}

void SmtpClient::give_up_content(const Outcome& outcome) {
  abandon(outcome, false);
}

void SmtpClient::protocol_error(const std::string& why) {
  // Garbage after the end of data is no answer to it.
  lost(why, /*end_may_have_left=*/true);
}

void SmtpClient::finish_front() {
  Open& open = open_.front();
  SmtpResult& result = results_.emplace_back();
  result.report.reserve(open.outcomes.size());
  for (auto& outcome : open.outcomes) result.report.push_back(std::move(outcome).value());
  open_.pop_front();
}

// Of what follows the front transaction the peer has at most the envelope.
void SmtpClient::abandon(const Outcome& front, bool front_unsent) {
  is_closing_ = true;
  open_.front().decide_rest(front);
  finish_front();
  results_.back().unsent = front_unsent;
  while (!open_.empty()) {
    open_.front().decide_rest(Outcome::unreachable(front.reply));
    finish_front();
    results_.back().unsent = true;
    results_.back().was_behind = true;
  }
}

std::optional<SmtpResult> SmtpClient::take_result() {
  if (results_.empty()) return std::nullopt;
  SmtpResult result = std::move(results_.front());
  results_.pop_front();
  return result;
}

void SmtpClient::quit() {
  is_quitting_ = true;
  output_ += "QUIT\r\n";
}

}  // namespace postern::transports

// What clients may ask for besides delivery: what EHLO offers of it, and how the parameters of MAIL
// and RCPT (mail/parameters) become the Options of the message.
#include <utility>

#include "mail/command.hpp"
#include "smtpd/session_state.hpp"

namespace postern::smtpd {

void Session::State::offer_options() {
  say("250-DSN");
  say("250-DELIVERBY");
  say("250-MT-PRIORITY");
  if (settings.max_hold > Duration::zero()) {
    const auto longest = std::chrono::floor<std::chrono::seconds>(settings.max_hold);
    const Time latest = std::chrono::floor<std::chrono::seconds>(now) + longest;
    std::string until = to_rfc3339(latest);
    until.replace(until.rfind('.'), std::string::npos, "Z");
    say("250-FUTURERELEASE " + std::to_string(longest.count()) + " " + until);
  }
  say("250-LIMITS RCPTMAX=" + std::to_string(settings.max_recipients));
  if (!tls.empty()) say("250-REQUIRETLS");
}

Options& Session::State::ask() {
  if (!asked) asked.emplace();
  return *asked;
}

std::string_view Session::State::note_options(const mail::MailParameters& parameters) {
  // RFC 8689 section 2: not offered, so not known.
  if (parameters.require_tls && tls.empty()) return reply::of(mail::CommandFault::parameter, true);
  if (parameters.require_tls) ask().require_tls = true;
  if (const std::string_view fault = note_hold(parameters); !fault.empty()) return fault;
  if (const auto& by = parameters.deliver_within) {
    const Time at = now + by->within;
    if (by->or_return && asked && asked->hold_until && at <= *asked->hold_until)
      return reply::kHeldTooLong;
    ask().deliver_by = DeliverBy{.at = at, .or_return = by->or_return, .trace = by->trace};
  }
  if (parameters.ret) ask().ret = parameters.ret;
  if (!parameters.envelope_id.empty()) ask().envelope_id = parameters.envelope_id;
  return {};
}

// RFC 4865.
std::string_view Session::State::note_hold(const mail::MailParameters& parameters) {
  std::optional<Time> until = parameters.hold_until;
  if (parameters.hold_for) until = now + *parameters.hold_for;
  if (!until) return {};
  if (settings.max_hold <= Duration::zero()) return reply::of(mail::CommandFault::parameter, true);
  if (*until > now + settings.max_hold) return reply::kHeldTooLong;
  // A time that has come already is no hold.
  if (*until > now) ask().hold_until = until;
  return {};
}

void Session::State::note_options(const mail::RcptParameters& parameters) {
  if (!parameters.notify && parameters.original_recipient.empty()) return;
  auto& recipients = ask().recipients;
  recipients.resize(envelope.recipients.size());
  recipients.back() = {.notify = parameters.notify,
                       .original_recipient = std::string(parameters.original_recipient)};
}

Envelope Session::State::take_envelope() {
  if (asked) envelope.options = std::make_shared<const Options>(std::move(*asked));
  return std::move(envelope);
}

}  // namespace postern::smtpd

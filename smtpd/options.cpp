// What clients may ask for besides delivery: what EHLO offers of it, and how the parameters of MAIL
// and RCPT (mail/parameters) become the Options of the message.
#include <utility>

#include "mail/command.hpp"
#include "smtpd/session_state.hpp"

namespace postern::smtpd {

void Session::State::offer_options() {
  say("250-DSN");
}

Options& Session::State::ask() {
  if (!asked) asked.emplace();
  return *asked;
}

std::string_view Session::State::note_options(const mail::MailParameters& parameters) {
  if (parameters.require_tls || parameters.priority || parameters.deliver_within ||
      parameters.hold_for || parameters.hold_until)
    return reply::of(mail::CommandFault::parameter, true);
  if (parameters.ret) ask().ret = parameters.ret;
  if (!parameters.envelope_id.empty()) ask().envelope_id = parameters.envelope_id;
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

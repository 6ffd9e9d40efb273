#include "transports/smtp_parameters.hpp"

#include <algorithm>

namespace postern::transports {
namespace {

std::string to_words(const Notify& notify) {
  if (notify.is_never()) return "NEVER";
  std::string words;
  const auto add = [&words](bool wanted, const char* word) {
    if (wanted) words.append(words.empty() ? "" : ",").append(word);
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return words;
}

// RFC 2852 section 4: what is left of the time, in whole seconds, never more than there is.
std::chrono::seconds time_left(const DeliverBy& by, Time now) {
  return std::chrono::floor<std::chrono::seconds>(by.at - now);
}

}  // namespace

std::optional<std::string> why_impossible(const Message& message, const SmtpExtensions& offered,
                                          bool is_safe, Time now) {
  const Options* const options = message.envelope.options.get();
  if (!options) return std::nullopt;
  if (options->require_tls && !is_safe)
    return "5.7.30 REQUIRETLS: the connection to the smarthost is not under verified TLS";
  if (options->require_tls && !offered.require_tls)
    return "5.7.30 REQUIRETLS: the smarthost does not offer it";
  const auto& by = options->deliver_by;
  if (by && by->or_return && offered.deliver_by &&
      time_left(*by, now).count() < static_cast<std::int64_t>(offered.min_by_seconds))
    return "5.4.7 DELIVERBY: the smarthost needs more time than is left";
  return std::nullopt;
}

void append_parameters(std::string& command, const SmtpExtensions& offered, const Message& message,
                       Time now) {
  if (offered.mt_priority && message.priority != 0)
    command += " MT-PRIORITY=" + std::to_string(message.priority);
  if (!message.envelope.options) return;
  const Options& options = *message.envelope.options;
  if (offered.dsn && options.ret)
    command += *options.ret == Options::Return::full ? " RET=FULL" : " RET=HDRS";
  if (offered.dsn && !options.envelope_id.empty()) command += " ENVID=" + options.envelope_id;
  if (options.require_tls) command += " REQUIRETLS";
  if (const auto& by = options.deliver_by; by && offered.deliver_by) {
    // Nothing may be returned in no time: what is begun in the last second has one.
    const auto left = std::max(time_left(*by, now).count(), by->or_return ? 1L : -999'999'999L);
    command += " BY=" + std::to_string(left) + (by->or_return ? ";R" : ";N");
    if (by->trace) command += 'T';
  }
}

void append_parameters(std::string& command, const SmtpExtensions& offered,
                       const RecipientOptions& recipient) {
  if (!offered.dsn) return;
  if (recipient.notify) command += " NOTIFY=" + to_words(*recipient.notify);
  if (!recipient.original_recipient.empty()) command += " ORCPT=" + recipient.original_recipient;
}

}  // namespace postern::transports

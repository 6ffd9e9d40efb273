#include "transports/smtp_parameters.hpp"

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

}  // namespace

void append_parameters(std::string& command, const SmtpExtensions& offered,
                       const Envelope& envelope) {
  if (!envelope.options) return;
  const Options& options = *envelope.options;
  if (offered.dsn && options.ret)
    command += *options.ret == Options::Return::full ? " RET=FULL" : " RET=HDRS";
  if (offered.dsn && !options.envelope_id.empty()) command += " ENVID=" + options.envelope_id;
}

void append_parameters(std::string& command, const SmtpExtensions& offered,
                       const RecipientOptions& recipient) {
  if (!offered.dsn) return;
  if (recipient.notify) command += " NOTIFY=" + to_words(*recipient.notify);
  if (!recipient.original_recipient.empty()) command += " ORCPT=" + recipient.original_recipient;
}

}  // namespace postern::transports

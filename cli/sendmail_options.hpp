#pragma once
// The command line of sendmail as its callers know it: cron, PHP's mail(), git send-email, mailx,
// mutt. What Postfix's sendmail(1) does is the measure; what only steers a mail system that is not
// here (queueing modes, error modes, hop counts) is taken and ignored. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace postern::cli {

struct SendmailOptions {
  enum class Mode {
    submit,      // -bm, and without -b: a message from standard input
    speak_smtp,  // -bs: SMTP on standard input and output
    list_queue,  // -bp: mailq
    help,
  };

  Mode mode = Mode::submit;
  bool reads_recipients = false;      // -t: from the message, too
  bool dot_ends = true;               // not with -i and -oi: a line of one dot ends the message
  bool verbose = false;               // -v: says what became of it
  std::optional<std::string> sender;  // -f, -r: as given, may have a display name
  std::string full_name;              // -F: for a From header that has to be added
  std::vector<std::string> recipients;
  std::string notify;       // -N: the value of NOTIFY (RFC 3461 section 4.1)
  std::string ret;          // -R: FULL or HDRS
  std::string envelope_id;  // -V: the value of ENVID
  std::string config;       // --config, -C
};

/// `words`: what follows the program's name. Options may stand behind recipients; what follows "--"
/// is recipients only. Error: what is not understood.
Result<SendmailOptions> parse_sendmail(const std::vector<std::string>& words);

/// The options in a few lines.
std::string_view sendmail_help();

}  // namespace postern::cli

#pragma once
// `postern sendmail`, and what the program is when it is called as sendmail: takes a message on
// standard input and submits it to the daemon, as cron, PHP, git send-email and mail programs
// expect. A message gets exit status 0 after the daemon's 250 and never else; all others are of
// sysexits.h and leave it to the caller. Only a daemon that is lost between the end of the message
// and its answer may have it all the same; the complaint says so.
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace postern::cli {

/// `words`: behind the program's name. `mailq`: what -bp is, with its options.
int sendmail(const std::vector<std::string>& words,
             const std::function<int(std::vector<std::string>)>& mailq, std::ostream& out,
             std::ostream& err);

}  // namespace postern::cli

#pragma once
// The command line. `postern serve` is the daemon; everything else speaks to one over its socket or
// works on files. Called as mailq or sendmail it is `postern mailq` or `postern sendmail`.
//
// Exit status: 0 done, 1 the operation failed, 2 usage or configuration, 69 no daemon, 75 try
// later. sendmail has those of sysexits.h.
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/transport_commands.hpp"

namespace postern::cli {

/// What the program brings along that cli/ must not know.
struct Program {
  std::string version;  // X.Y.Z
  /// `file` empty: the environment-only form. `check`: only say whether it would start.
  std::function<int(const std::string& file, bool check)> serve;
  Rules classify;
};

/// `arguments`: the program's name first.
int run(const std::vector<std::string>& arguments, const Program& program, std::ostream& out,
        std::ostream& err);

}  // namespace postern::cli

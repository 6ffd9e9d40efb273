#pragma once
// transports, suspend, resume, classify, stats. Each writes to the stream given and answers the
// exit status, or throws Failure.
#include <functional>
#include <ostream>

#include "cli/api_client.hpp"
#include "cli/failure.hpp"

namespace postern::cli {

ExitStatus transports(Api& api, bool json, std::ostream& out);
ExitStatus stats(Api& api, bool json, std::ostream& out);

/// `target`: TRANSPORT or TRANSPORT/DOMAIN. `how_long` and `reason` may be empty.
struct SuspendOptions {
  std::string target;
  std::string how_long;
  std::string reason;
  bool json = false;
};
ExitStatus suspend(Api& api, const SuspendOptions& options, std::ostream& out);
ExitStatus resume(Api& api, const std::string& target, bool json, std::ostream& out);

struct ClassifyOptions {
  std::string transport;  // a name or a type
  std::string text;
  int status = 0;  // 0: none
  bool json = false;
};
/// The rules of a transport type, without a daemon. Error: no such type.
using Rules = std::function<Result<std::string>(const std::string& type, const std::string& text,
                                                int status)>;
/// Asks the daemon, which knows the transports' names; when none answers, `rules`.
ExitStatus classify(Api& api, const Rules& rules, const ClassifyOptions& options,
                    std::ostream& out);

}  // namespace postern::cli

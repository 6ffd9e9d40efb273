#pragma once
// mailq, show, body and the verbs retry, hold, release, delete. Each writes to the streams given
// and answers the exit status, or throws Failure.
#include <ostream>

#include "cli/api_client.hpp"
#include "cli/failure.hpp"

namespace postern::cli {

/// The whole queue, page by page: what is printed is not kept. `filter`: named as in the API.
ExitStatus mailq(Api& api, const Parameters& filter, bool json, std::ostream& out);
ExitStatus show(Api& api, const std::string& id, bool json, std::ostream& out);
/// The raw message.
/// As JSON: {id, size, encoding, body}, the encoding "utf-8" or, for other bytes, "base64".
ExitStatus body(Api& api, const std::string& id, bool json, std::ostream& out);

struct SteerOptions {
  std::string verb;
  std::vector<std::string> ids;  // else filter
  Parameters filter;
  std::string reason;  // for hold
  bool json = false;
};

/// Every id is tried; those that fail are named on `err`, and the status is then kFailed.
ExitStatus steer(Api& api, const SteerOptions& options, std::ostream& out, std::ostream& err);

}  // namespace postern::cli

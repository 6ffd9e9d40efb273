#pragma once
// Why a command ends early, and with which exit status. Thrown by commands, caught by cli::run.
#include <stdexcept>
#include <string>

namespace postern::cli {

enum ExitStatus : int {
  kDone = 0,
  kFailed = 1,     // the operation failed: unknown id, a verb that does not fit the state
  kUsage = 2,      // usage or configuration
  kNoDaemon = 69,  // EX_UNAVAILABLE
  kTryLater = 75,  // EX_TEMPFAIL
};

class Failure : public std::runtime_error {
 public:
  Failure(ExitStatus status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}
  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

}  // namespace postern::cli

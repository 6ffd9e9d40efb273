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

  // Only sendmail has these; its callers know the numbers of sysexits.h.
  kMisused = 64,        // EX_USAGE
  kBadMessage = 65,     // EX_DATAERR
  kNoSuchAddress = 67,  // EX_NOUSER
  kRefused = 69,        // EX_UNAVAILABLE
  kNoInput = 74,        // EX_IOERR
  kMisconfigured = 78,  // EX_CONFIG
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

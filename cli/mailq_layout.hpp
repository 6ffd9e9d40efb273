#pragma once
// The listing of Postfix's `postqueue -p`, message by message because a queue may be long. Pure but
// for the time zone (TZ) of the arrival time.
#include <cstdint>
#include <string>

#include "cli/fields.hpp"

namespace postern::cli {

class MailqLayout {
 public:
  /// Id (* active, ! held), size, arrival, sender; (reason) lines; unfinished recipients. Before
  /// the first one the header line.
  std::string entry(const Json& message);
  /// "-- N Kbytes in M Requests." or "Mail queue is empty"
  std::string end() const;

 private:
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace postern::cli

#pragma once
// TXT records through the system's resolver (/etc/resolv.conf), for commands that look at DNS. It
// blocks for as long as that resolver does: never called by the daemon.
#include <string>

#include "core/result.hpp"

namespace postern::cli {

/// The strings of the first TXT record at `name`, joined. Error: there is none, or DNS failed.
Result<std::string> txt_record(const std::string& name);

}  // namespace postern::cli

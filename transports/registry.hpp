#pragma once
// THE table of transport types. Adding a transport is one row here.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/metrics.hpp"
#include "transports/transport.hpp"

namespace postern::net {
class HttpClient;
}
namespace postern::dkim {
class Keyring;
}

namespace postern::transports {

/// What a transport may use; what is not shared outlives the transports.
struct Tools {
  std::vector<boost::asio::any_io_executor> io;  // one per io thread
  net::HttpClient* http = nullptr;
  const Clock* clock = nullptr;
  std::shared_ptr<const dkim::Keyring> keyring;        // for transports whose mail we sign
  Duration failover_after = std::chrono::seconds{30};  // queue.failover_after, for classify()
};

struct Type {
  std::string_view name;
  std::unique_ptr<Transport> (*make)(const config::Transport& settings, const Tools& tools);
};

std::span<const Type> types();

/// Throws std::invalid_argument for an unknown type (load refuses it earlier).
std::unique_ptr<Transport> make(const config::Transport& settings, const Tools& tools);

}  // namespace postern::transports

#include "cli/door.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "cli/failure.hpp"
#include "cli/place.hpp"

namespace postern::cli {
namespace {

/// Where clients on this machine reach what is bound to `bind`.
config::Endpoint reachable(const config::Endpoint& bind) {
  if (bind.host == "0.0.0.0" || bind.host == "::") return {"127.0.0.1", bind.port};
  return bind;
}

/// Who connects to an address of his own machine comes from that address.
bool admits_us(const config::Listener& listener) {
  const auto us = boost::asio::ip::make_address(reachable(listener.bind).host);
  return listener.auth != config::Auth::required &&
         std::any_of(listener.trusted.begin(), listener.trusted.end(),
                     [&](const config::Network& network) { return network.contains(us); });
}

config::LoadedDoors load(const std::string& file, const config::Environment& environment) {
  if (!file.empty()) return config::load_doors(file, environment);
  if (environment("POSTERN_BIND") || environment("POSTERN_STATE"))
    return config::load_environment_doors(environment);
  std::error_code ignored;
  if (std::filesystem::exists(kSystemFile, ignored))
    return config::load_doors(kSystemFile, environment);
  return config::load_environment_doors(environment);
}

}  // namespace

Door choose_door(const config::Doors& doors) {
  const config::Listener* chosen = nullptr;
  for (const config::Listener& listener : doors.listeners) {
    if (listener.proxy_protocol) continue;
    if (chosen == nullptr) chosen = &listener;
    if (!admits_us(listener)) continue;
    chosen = &listener;
    break;
  }
  if (chosen == nullptr)
    throw Failure(kMisconfigured,
                  "Every [[listener]] is for proxies only; sendmail needs one without "
                  "proxy_protocol.");
  return {reachable(chosen->bind), chosen->tls, chosen->max_message_bytes, doors.hostname};
}

Door find_door(const std::string& config_file, const config::Environment& environment) {
  const config::LoadedDoors loaded = load(config_file, environment);
  if (const auto* mistakes = std::get_if<std::vector<config::Mistake>>(&loaded))
    throw Failure(kMisconfigured, mistakes->front().to_string());
  return choose_door(std::get<config::Doors>(loaded));
}

}  // namespace postern::cli

#include "config/key_names.hpp"

#include <algorithm>

#include "config/sections.hpp"

namespace postern::config {
namespace {

template <class Section>
void add(std::vector<std::string>& all, const std::string& prefix, Section section) {
  KeyNames keys;
  describe(keys, section);
  for (const std::string& name : keys.names) {
    const std::string key = prefix + '.' + name;
    if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
  }
}

}  // namespace

std::vector<std::string> known_keys() {
  std::vector<std::string> all;
  add(all, "server", Server{});
  add(all, "queue", Queue{});
  add(all, "listener", Listener{});
  add(all, "tls", Tls{});
  add(all, "credential", Credential{});
  for (const std::string_view type : kTransportTypes) {
    Transport transport;
    transport.type = type;
    add(all, "transport", transport);
  }
  add(all, "domain", Domain{});
  add(all, "domain.dkim", DkimKey{});
  add(all, "breaker", Breaker{});
  add(all, "suppression", Suppression{});
  add(all, "admin", Admin{});
  add(all, "log", Log{});
  return all;
}

}  // namespace postern::config

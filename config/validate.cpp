#include "config/validate.hpp"

#include <algorithm>

#include "config/units.hpp"
#include "config/wording.hpp"

namespace postern::config {
namespace {

std::string nth(std::string_view section, std::size_t index) {
  return std::string(section) + '.' + std::to_string(index);
}

/// One mistake for each entry whose name an earlier one has.
template <class Entry>
void check_names(const std::vector<Entry>& entries, std::string_view section, Findings& findings) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto same = [&](const Entry& other) { return other.name == entries[i].name; };
    if (entries[i].name.empty() ||
        std::none_of(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(i), same))
      continue;
    findings.add(
        findings.place_of(nth(section, i) + ".name"),
        "name: there is another [[" + std::string(section) + "]] " + quote(entries[i].name));
  }
}

void check_ports(const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const Endpoint& bind = config.listeners[i].bind;
    const std::string path = nth("listener", i) + ".bind";
    for (std::size_t j = 0; j < i; ++j) {
      if (!collide(bind, config.listeners[j].bind)) continue;
      findings.add(findings.place_of(path), "bind: " + format_endpoint(bind) +
                                                " is taken by the listener at " +
                                                format_endpoint(config.listeners[j].bind));
      break;
    }
    if (!config.admin.bind || !collide(bind, *config.admin.bind)) continue;
    findings.add(findings.place_of(findings.has(path) ? path : "admin.bind"),
                 "bind: the listener at " + format_endpoint(bind) + " and [admin] at " +
                     format_endpoint(*config.admin.bind) + " are on one port");
  }
}

void check_proxies(const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    if (config.listeners[i].proxy_protocol && config.listeners[i].trusted.empty())
      findings.add(findings.place_of(nth("listener", i) + ".proxy_protocol"),
                   "proxy_protocol: only proxies in `trusted` are heard, and it is empty");
}

void check_tls(const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    if (config.listeners[i].tls == ListenerTls::none) continue;
    for (const std::string_view key : {"certificate", "key"})
      if (!findings.has("tls." + std::string(key)))
        findings.add(findings.place_of(nth("listener", i) + ".tls"),
                     "tls: needs a [tls] section with its " + quote(key));
  }
}

void check_credentials(const Config& config, Findings& findings) {
  const auto& users = config.credentials;
  for (std::size_t i = 0; i < users.size(); ++i) {
    const std::string path = nth("credential", i);
    for (std::size_t j = 0; j < i; ++j) {
      if (users[j].username.empty() || users[j].username != users[i].username) continue;
      findings.add(findings.place_of(path + ".username"),
                   "username: there is another "
                   "[[credential]] " +
                       quote(users[i].username));
      break;
    }
    const std::string& domain = users[i].domain;
    if (domain.empty() || config.domains.empty() || config.find_domain(domain) != nullptr) continue;
    std::vector<std::string> known;
    for (const Domain& one : config.domains) known.push_back(one.name);
    findings.add(findings.place_of(path + ".domain"),
                 "domain: there is no [[domain]] " + quote(domain) + suggestion(domain, known));
  }
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    if (config.listeners[i].auth == Auth::required && users.empty())
      findings.add(findings.place_of(nth("listener", i) + ".auth"),
                   "auth: nobody could sign in; add a [[credential]] with username and password");
}

void check_routes(const Config& config, Findings& findings) {
  std::vector<std::string> known;
  for (const Transport& transport : config.transports) known.push_back(transport.name);
  for (std::size_t i = 0; i < config.domains.size(); ++i) {
    const Domain& domain = config.domains[i];
    for (std::size_t j = 0; j < domain.transports.size(); ++j) {
      const std::string& name = domain.transports[j];
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      findings.add(
          findings.place_of(nth(nth("domain", i) + ".transports", j)),
          "transports: there is no [[transport]] " + quote(name) + suggestion(name, known));
    }
  }
}

void check_transports(const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.transports.size(); ++i) {
    const std::string path = nth("transport", i);
    if (findings.has(path + ".username") && !findings.has(path + ".password"))
      findings.add(findings.place_of(path + ".username"), "username: needs a password");
    if (findings.has(path + ".password") && !findings.has(path + ".username"))
      findings.add(findings.place_of(path + ".password"), "password: needs a username");
  }
}

void check_selectors(const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.domains.size(); ++i) {
    const auto& keys = config.domains[i].dkim;
    for (std::size_t j = 1; j < keys.size(); ++j)
      for (std::size_t k = 0; k < j; ++k)
        if (keys[k].selector == keys[j].selector && !keys[j].selector.empty()) {
          findings.add(findings.place_of(nth(nth("domain", i) + ".dkim", j) + ".selector"),
                       "selector: the domain has another key " + quote(keys[j].selector));
          break;
        }
  }
}

void check_keys(const Config& config, Findings& findings, const KeyCheck& key_check) {
  for (std::size_t i = 0; i < config.domains.size(); ++i) {
    const Domain& domain = config.domains[i];
    for (std::size_t j = 0; j < domain.dkim.size(); ++j) {
      const std::string path = nth(nth("domain", i) + ".dkim", j);
      // One that could not be read is a mistake already.
      if (!key_check || domain.dkim[j].key.empty() || domain.dkim[j].selector.empty()) continue;
      if (const auto what = key_check(domain.name, domain.dkim[j]))
        findings.add(findings.place_of(path + ".key"), "key: " + *what);
    }
  }
}

/// The transports of a [[domain]], or of everybody where there is none.
std::uint64_t largest_of_route(const Config& config, const std::vector<std::string>& route) {
  std::uint64_t largest_bytes = 0;
  for (const Transport& transport : config.transports)
    if (route.empty() || std::find(route.begin(), route.end(), transport.name) != route.end())
      largest_bytes = std::max(largest_bytes, transport.max_message_bytes);
  return largest_bytes;
}

// Accepted, and then refused with a report to the sender: better known before.
void check_sizes(const Config& config, Findings& findings) {
  std::size_t loosest = 0;
  for (std::size_t i = 1; i < config.listeners.size(); ++i)
    if (config.listeners[i].max_message_bytes > config.listeners[loosest].max_message_bytes)
      loosest = i;
  const std::uint64_t accepted_bytes = config.listeners[loosest].max_message_bytes;
  const auto check = [&](const std::vector<std::string>& route, const std::string& whose) {
    const std::uint64_t largest_bytes = largest_of_route(config, route);
    if (largest_bytes == 0 || largest_bytes >= accepted_bytes) return;
    findings.warn(findings.place_of(nth("listener", loosest) + ".max_message"),
                  "max_message: mail of up to " + format_size(accepted_bytes) +
                      " is accepted, but no transport of " + whose + " takes more than " +
                      format_size(largest_bytes) + "; what is larger fails with a report");
  };
  if (config.domains.empty()) check({}, "any domain");
  for (const Domain& domain : config.domains) check(domain.transports, quote(domain.name));
}

}  // namespace

bool collide(const Endpoint& a, const Endpoint& b) {
  // "::" takes IPv4 clients, too.
  const auto covers = [](const Endpoint& one, const Endpoint& other) {
    return one.host == other.host || one.host == "::" ||
           (one.host == "0.0.0.0" && other.host.find(':') == std::string::npos);
  };
  return a.port != 0 && a.port == b.port && (covers(a, b) || covers(b, a));
}

bool is_loopback(const Endpoint& endpoint) {
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(endpoint.host, bad);
  if (bad) return false;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .is_loopback();
  return address.is_loopback();
}

std::vector<std::string> warnings(const Config& config, Time now) {
  constexpr Duration kRenewBefore = 14 * 24h;
  const Tls& tls = config.tls;
  std::vector<std::string> all;
  for (const Mistake& warning : config.warnings) all.push_back(warning.to_string());
  if (tls.chain_pem.empty()) return all;
  const std::string name = "tls.certificate: " + tls.certificate.string();
  constexpr std::string_view kRefused = "; clients that verify will refuse it";
  if (now < tls.not_before)
    all.push_back(name + " is good only from " + to_rfc3339(tls.not_before) +
                  std::string(kRefused));
  else if (now > tls.not_after)
    all.push_back(name + " expired on " + to_rfc3339(tls.not_after) + std::string(kRefused));
  else if (now > tls.not_after - kRenewBefore)
    all.push_back(name + " expires on " + to_rfc3339(tls.not_after) + "; renew it and send SIGHUP");
  return all;
}

void validate(const Config& config, Findings& findings, const KeyCheck& key_check) {
  check_names(config.transports, "transport", findings);
  check_names(config.domains, "domain", findings);
  check_transports(config, findings);
  check_routes(config, findings);
  check_selectors(config, findings);
  check_keys(config, findings, key_check);
  check_ports(config, findings);
  check_proxies(config, findings);
  check_tls(config, findings);
  check_credentials(config, findings);
  check_sizes(config, findings);
  // sockaddr_un; a daemon that nobody can ask is of no use.
  constexpr std::size_t kLongestSocketName = 107;
  if (const auto socket = config.admin_socket().native(); socket.size() > kLongestSocketName)
    findings.add(findings.place_of(findings.has("admin.socket") ? "admin.socket" : "server.state"),
                 "the admin socket " + quote(socket) + " has a name of " +
                     std::to_string(socket.size()) + " bytes; " +
                     std::to_string(kLongestSocketName) + " are allowed");
  if (config.admin.bind && !is_loopback(*config.admin.bind) && !findings.has("admin.token"))
    findings.add(findings.place_of("admin.bind"),
                 "bind: " + format_endpoint(*config.admin.bind) +
                     " is reached from other machines, so [admin] needs a token");
  if (config.breaker.open_max < config.breaker.open_for)
    findings.add(findings.place_of("breaker.open_max"),
                 "open_max: " + format_duration(config.breaker.open_max) +
                     " is shorter than open_for, " + format_duration(config.breaker.open_for));
}

}  // namespace postern::config

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

void check_tls(const Config& config, Findings& findings) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    if (config.listeners[i].tls == ListenerTls::none) continue;
    for (const std::string_view key : {"certificate", "key"})
      if (!findings.has("tls." + std::string(key)))
        findings.add(findings.place_of(nth("listener", i) + ".tls"),
                     "tls: needs a [tls] section with its " + quote(key));
  }
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

}  // namespace

bool collide(const Endpoint& a, const Endpoint& b) {
  const auto is_wildcard = [](const Endpoint& one) {
    return one.host == "0.0.0.0" || one.host == "::";
  };
  return a.port != 0 && a.port == b.port && (a.host == b.host || is_wildcard(a) || is_wildcard(b));
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
  if (tls.chain_pem.empty()) return {};
  const std::string name = "tls.certificate: " + tls.certificate.string();
  constexpr std::string_view kRefused = "; clients that verify will refuse it";
  if (now < tls.not_before)
    return {name + " is good only from " + to_rfc3339(tls.not_before) + std::string(kRefused)};
  if (now > tls.not_after)
    return {name + " expired on " + to_rfc3339(tls.not_after) + std::string(kRefused)};
  if (now > tls.not_after - kRenewBefore)
    return {name + " expires on " + to_rfc3339(tls.not_after) + "; renew it and send SIGHUP"};
  return {};
}

void validate(const Config& config, Findings& findings) {
  check_names(config.transports, "transport", findings);
  check_names(config.domains, "domain", findings);
  check_transports(config, findings);
  check_routes(config, findings);
  check_selectors(config, findings);
  check_ports(config, findings);
  check_tls(config, findings);
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

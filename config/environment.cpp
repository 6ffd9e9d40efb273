// The environment-only form: enough for a container beside the product.
#include <cstdlib>

#include "config/load.hpp"
#include "config/reader.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"
#include "config/url.hpp"
#include "config/validate.hpp"
#include "config/wording.hpp"
#include "core/text.hpp"

namespace postern::config {
namespace {

/// Reads variables; gathers what is wrong with them.
class Variables {
 public:
  Variables(const Environment& environment, Findings& findings)
      : environment_(environment), findings_(findings) {}

  /// nullopt: not set, or empty, which is a mistake.
  std::optional<std::string> get(const std::string& name) {
    auto value = environment_(name);
    if (!value || !value->empty()) return value;
    wrong(name, "is empty");
    return std::nullopt;
  }

  bool has(const std::string& name) const { return environment_(name).has_value(); }

  void wrong(std::string_view name, std::string_view what) {
    findings_.add({}, std::string(name) + ' ' + std::string(what));
  }

 private:
  const Environment& environment_;
  Findings& findings_;
};

void read_mailgun(Variables& variables, Config& config) {
  const auto api_key = variables.get("POSTERN_MAILGUN_API_KEY");
  const auto domain = variables.get("POSTERN_MAILGUN_DOMAIN");
  const auto region = variables.get("POSTERN_MAILGUN_REGION");
  if (!api_key) {
    if (variables.has("POSTERN_MAILGUN_API_KEY")) return;  // empty, and said so
    constexpr std::string_view kAlone = "is of no use without POSTERN_MAILGUN_API_KEY";
    if (domain) variables.wrong("POSTERN_MAILGUN_DOMAIN", kAlone);
    if (region) variables.wrong("POSTERN_MAILGUN_REGION", kAlone);
    return;
  }
  Transport& mailgun = config.transports.emplace_back();
  mailgun.name = mailgun.type = "mailgun";
  mailgun.api_key = Secret(*api_key);
  mailgun.dkim = DkimBy::provider;
  if (region && *region != "us" && *region != "eu")
    variables.wrong("POSTERN_MAILGUN_REGION", quote(*region) + " is not one of \"us\", \"eu\"");
  else if (region)
    mailgun.region = *region;
  if (!domain) return;
  if (!is_host(*domain))
    variables.wrong("POSTERN_MAILGUN_DOMAIN", quote(*domain) + " is not a domain");
  Domain& everyone = config.domains.emplace_back();
  everyone.name = "*";
  everyone.mailgun_domain = to_lower(*domain);
}

void read_backup(Variables& variables, Config& config) {
  const auto url = variables.get("POSTERN_BACKUP_URL");
  if (!url) return;
  auto backup = parse_backup_url(*url);
  if (!backup) return variables.wrong("POSTERN_BACKUP_URL", backup.error().what);
  backup->name = "backup";
  config.transports.push_back(std::move(*backup));
}

Listener read_listener(Variables& variables) {
  Listener listener = default_listener();
  if (const auto bind = variables.get("POSTERN_BIND")) {
    const auto endpoint = parse_endpoint(*bind);
    if (endpoint)
      listener.bind = *endpoint;
    else
      variables.wrong("POSTERN_BIND", endpoint.error().what);
  }
  return listener;
}

void read_sockets(Variables& variables, Config& config) {
  config.listeners.push_back(read_listener(variables));
  const Listener& listener = config.listeners.front();
  if (const auto token = variables.get("POSTERN_ADMIN_TOKEN")) {
    config.admin.token = Secret(*token);
    config.admin.bind->host = "0.0.0.0";
  }
  if (collide(listener.bind, *config.admin.bind))
    variables.wrong("POSTERN_BIND", format_endpoint(listener.bind) +
                                        " is taken by the admin interface at " +
                                        format_endpoint(*config.admin.bind));
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Loaded load_environment(const Environment& environment) {
  Findings findings("environment");
  Variables variables(environment, findings);
  Config config;
  config.queue = default_queue();
  if (const auto state = variables.get("POSTERN_STATE")) config.server.state = *state;
  if (const auto store = variables.get("POSTERN_STORE"); store && *store != "sqlite")
    variables.wrong("POSTERN_STORE", "is not \"sqlite\", the one store of this version");
  read_mailgun(variables, config);
  read_backup(variables, config);
  if (config.transports.empty() && findings.empty())
    findings.add(
        {},
        "there is no way out: set POSTERN_MAILGUN_API_KEY or POSTERN_BACKUP_URL, or use --config");
  read_sockets(variables, config);
  fill_names(config.server);
  if (!findings.empty()) return findings.take();
  return config;
}

LoadedDoors load_environment_doors(const Environment& environment) {
  Findings findings("environment");
  Variables variables(environment, findings);
  Server server;
  fill_names(server);
  Doors doors{server.hostname, {read_listener(variables)}};
  if (!findings.empty()) return findings.take();
  return doors;
}

}  // namespace postern::config

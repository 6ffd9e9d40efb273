#include "cli/config_command.hpp"

#include <nlohmann/json.hpp>

#include "config/document.hpp"
#include "config/load.hpp"
#include "dkim/keyring.hpp"

namespace postern::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDone = 0;
constexpr int kMistaken = 2;

config::Loaded load(const std::string& file) {
  const config::Environment environment = config::process_environment();
  return file.empty() ? config::load_environment(environment)
                      : config::load_file(file, environment, dkim::complaint_of);
}

int complain(const std::vector<config::Mistake>& mistakes, std::ostream& err) {
  for (const config::Mistake& mistake : mistakes) err << mistake.to_string() << '\n';
  return kMistaken;
}

Json to_json(const std::vector<config::Mistake>& mistakes,
             const std::vector<std::string>& warnings) {
  Json list = Json::array();
  for (const config::Mistake& mistake : mistakes)
    list.push_back(Json{{"file", mistake.file},
                        {"line", mistake.line},
                        {"column", mistake.column},
                        {"what", mistake.what}});
  return {{"mistakes", std::move(list)}, {"warnings", warnings}};
}

Json to_json(const config::Value& value) {
  using Kind = config::Value::Kind;
  if (value.kind == Kind::integer) return value.integer;
  if (value.kind == Kind::boolean) return value.boolean;
  if (value.kind == Kind::list) {
    Json list = Json::array();
    for (const config::Value& item : value.items) list.push_back(to_json(item));
    return list;
  }
  if (value.kind != Kind::table) return value.text;
  Json table = Json::object();
  for (const config::Member& member : value.members) table[member.key] = to_json(member.value);
  return table;
}

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

}  // namespace

int config_check(const std::string& file, bool json, std::ostream& out, std::ostream& err) {
  const config::Loaded loaded = load(file);
  const auto* config = std::get_if<config::Config>(&loaded);
  const std::vector<config::Mistake> mistakes =
      config ? std::vector<config::Mistake>{} : std::get<std::vector<config::Mistake>>(loaded);
  const std::vector<std::string> warnings =
      config ? config::warnings(*config, SystemClock().now()) : std::vector<std::string>{};
  if (json)
    out << to_json(mistakes, warnings).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  if (json) return config ? kDone : kMistaken;
  if (!config) return complain(mistakes, err);
  for (const std::string& warning : warnings) err << "warning: " << warning << '\n';
  out << (file.empty() ? "environment" : file) << ": no mistakes ("
      << count(config->listeners.size(), "listener") << ", "
      << count(config->transports.size(), "transport") << ", "
      << count(config->domains.size(), "domain") << ")\n";
  return kDone;
}

int config_show(const std::string& file, bool json, std::ostream& out, std::ostream& err) {
  const config::Loaded loaded = load(file);
  const auto* config = std::get_if<config::Config>(&loaded);
  if (!config) return complain(std::get<std::vector<config::Mistake>>(loaded), err);
  const std::string toml = config::show(*config);
  if (!json) {
    out << toml;
    return kDone;
  }
  config::Place error_at;
  out << to_json(config::parse_document(toml, error_at).value()) << '\n';
  return kDone;
}

}  // namespace postern::cli

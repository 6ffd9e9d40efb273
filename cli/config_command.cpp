#include "cli/config_command.hpp"

#include "config/load.hpp"

namespace postern::cli {
namespace {

constexpr int kDone = 0;
constexpr int kMistaken = 2;

/// The configuration, or nothing and the mistakes printed.
std::optional<config::Config> load(const std::string& file, std::ostream& err) {
  const config::Environment environment = config::process_environment();
  config::Loaded loaded =
      file.empty() ? config::load_environment(environment) : config::load_file(file, environment);
  if (auto* config = std::get_if<config::Config>(&loaded)) return std::move(*config);
  for (const config::Mistake& mistake : std::get<std::vector<config::Mistake>>(loaded))
    err << mistake.to_string() << '\n';
  return std::nullopt;
}

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

}  // namespace

int config_check(const std::string& file, std::ostream& out, std::ostream& err) {
  const auto config = load(file, err);
  if (!config) return kMistaken;
  out << (file.empty() ? "environment" : file) << ": no mistakes ("
      << count(config->listeners.size(), "listener") << ", "
      << count(config->transports.size(), "transport") << ", "
      << count(config->domains.size(), "domain") << ")\n";
  return kDone;
}

int config_show(const std::string& file, std::ostream& out, std::ostream& err) {
  const auto config = load(file, err);
  if (!config) return kMistaken;
  out << config::show(*config);
  return kDone;
}

}  // namespace postern::cli

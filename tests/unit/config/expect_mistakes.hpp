#pragma once
// The words of the configuration tests: mistakes_of(TOML) is what `config check` would print, one
// line each; config_of(TOML) is a configuration without mistakes.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace postern::config {

using Variables = std::map<std::string, std::string>;

inline Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

inline std::vector<std::string> lines_of(const Loaded& loaded) {
  std::vector<std::string> lines;
  if (const auto* mistakes = std::get_if<std::vector<Mistake>>(&loaded))
    for (const Mistake& mistake : *mistakes) lines.push_back(mistake.to_string());
  return lines;
}

/// A way out, so that only the mistake at hand is reported; stands at the end of a text.
inline const std::string kWayOut =
    "\n[[transport]]\nname=\"out\"\ntype=\"capture\"\ndirectory=\"x\"\n";

inline std::vector<std::string> mistakes_of(const std::string& toml, Variables variables = {}) {
  return lines_of(load_text(toml, "p.toml", environment_of(std::move(variables))));
}

inline Config config_of(const std::string& toml, Variables variables = {}) {
  Loaded loaded = load_text(toml, "p.toml", environment_of(std::move(variables)));
  if (auto* config = std::get_if<Config>(&loaded)) return std::move(*config);
  std::string all;
  for (const std::string& line : lines_of(loaded)) all += line + '\n';
  throw std::runtime_error("mistakes: " + all);
}

}  // namespace postern::config

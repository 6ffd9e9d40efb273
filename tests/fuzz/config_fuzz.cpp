// Any text is a configuration or a list of mistakes with places; what loads can be shown, and what
// is shown loads to the same again. The text's other readings are tried, too.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/load.hpp"
#include "config/units.hpp"
#include "config/url.hpp"

namespace {

using namespace postern::config;

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> variable(const std::string& name) {
  if (name.size() > 3) return std::nullopt;
  return name;
}

void load_and_show(std::string_view text) {
  const Loaded loaded = load_text(text, "p.toml", variable);
  if (const auto* mistakes = std::get_if<std::vector<Mistake>>(&loaded)) {
    require(!mistakes->empty());
    for (const Mistake& mistake : *mistakes)
      require(mistake.line > 0 && mistake.column > 0 && !mistake.what.empty());
    return;
  }
  const std::string shown = show(std::get<Config>(loaded));
  const Loaded again = load_text(shown, "p.toml", variable);
  require(std::holds_alternative<Config>(again));
  require(show(std::get<Config>(again)) == shown);
}

void read_units(std::string_view text) {
  if (const auto value = parse_duration(text))
    require(parse_duration(format_duration(*value)).value() == *value);
  if (const auto value = parse_size(text))
    require(parse_size(format_size(*value)).value() == *value);
  if (const auto value = parse_rate(text))
    require(parse_rate(format_rate(*value)).value().per_second == value->per_second);
  if (const auto value = parse_retry(text))
    require(format_retry(parse_retry(format_retry(*value)).value()) == format_retry(*value));
  if (const auto value = parse_network(text))
    require(format_network(parse_network(format_network(*value)).value()) ==
            format_network(*value));
  if (const auto value = parse_endpoint(text))
    require(parse_endpoint(format_endpoint(*value)).value() == *value);
  if (const auto value = parse_base_url(text)) require(parse_base_url(*value).value() == *value);
  if (const auto value = parse_backup_url(text))
    require(value->type == "ses" ? is_aws_region(value->region)
                                 : is_host(value->host) && value->port != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), count);
  load_and_show(text);
  read_units(text);
  return 0;
}

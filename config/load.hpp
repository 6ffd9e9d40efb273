#pragma once
// TOML or environment -> Config, or every mistake. Called at start, on reload and by
// `config check`.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "core/result.hpp"

namespace postern::config {

using Loaded = std::variant<Config, std::vector<Mistake>>;

/// Looks a variable up; nullopt: not set. Tests hand in a map.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Environment process_environment();

/// What is wrong with a domain's key; nullopt: it can sign. dkim/ knows (dkim::complaint_of), which
/// stands above this floor.
using KeyCheck =
    std::function<std::optional<std::string>(const std::string& domain, const DkimKey&)>;

/// Reads a file. Relative paths in it are taken from the current directory. Without a `key_check`
/// the keys are read but not looked into.
Loaded load_file(const std::filesystem::path& file, const Environment& environment,
                 const KeyCheck& key_check = {});
Loaded load_text(std::string_view toml, const std::string& file_name,
                 const Environment& environment, const KeyCheck& key_check = {});
/// The environment-only form (POSTERN_MAILGUN_API_KEY and its like).
Loaded load_environment(const Environment& environment);

/// What a program beside the daemon must know to submit mail. Neither secrets nor certificates need
/// be readable for it, and mistakes in other sections are the daemon's affair.
struct Doors {
  std::string hostname;
  std::vector<Listener> listeners;  // one at least
};
using LoadedDoors = std::variant<Doors, std::vector<Mistake>>;
LoadedDoors load_doors(const std::filesystem::path& file, const Environment& environment);
/// Of the environment-only form.
LoadedDoors load_environment_doors(const Environment& environment);

/// What is allowed but will hardly be meant, one sentence each: a certificate past its time.
std::vector<std::string> warnings(const Config& config, Time now);

/// The effective configuration as TOML, secrets as "***".
std::string show(const Config& config);

/// "90s" "5m" "3d" "250ms"; "36MiB"; "50/s". Error: what is wrong, one sentence.
Result<Duration> parse_duration(std::string_view text);
Result<std::uint64_t> parse_size(std::string_view text);
Result<Rate> parse_rate(std::string_view text);
Result<RetrySchedule> parse_retry(std::string_view text);
Result<Network> parse_network(std::string_view text);
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace postern::config

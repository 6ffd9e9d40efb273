#include "cli/transport_commands.hpp"

#include <nlohmann/json.hpp>

#include "cli/render.hpp"
#include "core/text.hpp"

namespace postern::cli {
namespace {

/// transports/NAME[/DOMAIN]/VERB
std::vector<std::string> path_of(const std::string& target, const std::string& verb) {
  std::vector<std::string> segments{"transports"};
  for (const auto part : split(target, '/')) segments.emplace_back(part);
  if (segments.size() > 3 || segments.back().empty() || segments[1].empty())
    throw Failure(kUsage, "\"" + escape(target, 100) + "\" is not TRANSPORT or TRANSPORT/DOMAIN.");
  segments.push_back(verb);
  return segments;
}

}  // namespace

ExitStatus transports(Api& api, bool json, std::ostream& out) {
  const std::string answer = api.get({"transports"}, {});
  out << (json ? answer : transports_table(parse_answer(answer)));
  return kDone;
}

ExitStatus stats(Api& api, bool json, std::ostream& out) {
  const std::string answer = api.get({"stats"}, {});
  out << (json ? answer : stats_table(parse_answer(answer)));
  return kDone;
}

ExitStatus suspend(Api& api, const SuspendOptions& options, std::ostream& out) {
  Parameters parameters;
  if (!options.how_long.empty()) parameters.emplace_back("for", options.how_long);
  if (!options.reason.empty()) parameters.emplace_back("reason", options.reason);
  const std::string answer = api.post(path_of(options.target, "suspend"), parameters);
  out << (options.json ? answer : escape(options.target) + " is suspended.\n");
  return kDone;
}

ExitStatus resume(Api& api, const std::string& target, bool json, std::ostream& out) {
  const std::string answer = api.post(path_of(target, "resume"), {});
  out << (json ? answer : escape(target) + " may be used again.\n");
  return kDone;
}

ExitStatus classify(Api& api, const Rules& rules, const ClassifyOptions& options,
                    std::ostream& out) {
  Parameters parameters{{"transport", options.transport}};
  if (!options.text.empty()) parameters.emplace_back("text", options.text);
  if (options.status != 0) parameters.emplace_back("status", std::to_string(options.status));
  std::string answer;
  try {
    answer = api.get({"classify"}, parameters);
  } catch (const Failure& failure) {
    if (failure.status() != kNoDaemon) throw;
    const auto verdict_of_rules = rules(options.transport, options.text, options.status);
    if (!verdict_of_rules) throw Failure(kFailed, verdict_of_rules.error().what);
    answer = *verdict_of_rules + "\n";
  }
  out << (options.json ? answer : verdict(parse_answer(answer)));
  return kDone;
}

}  // namespace postern::cli

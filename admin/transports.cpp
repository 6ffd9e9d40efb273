#include "admin/transports.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/shapes.hpp"
#include "config/url.hpp"
#include "config/wording.hpp"
#include "core/text.hpp"

namespace postern::admin {
namespace {

std::string domain_of(const Call& call) {
  return call.captures.size() > 1 ? to_lower(call.captures.at(1)) : std::string();
}

// What is wrong with the words of the path, judged by the configuration; nullopt: nothing. A
// suspension of what does not exist would be believed and do nothing.
std::optional<Response> refusal_of(const Call& call, const config::Config& config) {
  const std::string& transport = call.captures.at(0);
  std::vector<std::string> known;
  for (const auto& one : config.transports) known.push_back(one.name);
  if (std::find(known.begin(), known.end(), transport) == known.end())
    return problem(400, "There is no transport " + config::quote(transport) +
                            config::suggestion(transport, known) + '.');
  if (call.captures.size() < 2) return std::nullopt;
  const std::string domain = domain_of(call);
  known.clear();
  for (const auto& one : config.domains) known.push_back(one.name);
  const char* what = " is not a domain";
  if (config::is_host(domain)) {
    // Without any [[domain]] every domain may send.
    if (known.empty() || config.find_domain(domain) != nullptr) return std::nullopt;
    what = " is not a [[domain]] of the configuration, and there is no \"*\"";
  }
  return problem(400, config::quote(domain) + what + config::suggestion(domain, known) + '.');
}

// Answers with whether the transport was there.
std::function<void(bool)> answer(const Call& call, std::string_view done) {
  const std::string transport = call.captures.at(0);
  return [=, domain = domain_of(call), respond = call.respond](bool known) {
    if (!known)
      return respond(problem(404, "There is no transport \"" + escape(transport, 100) + "\"."));
    respond(json_reply({{"transport", transport}, {"domain", domain}, {"breaker", done}}));
  };
}

}  // namespace

Transports::Transports(delivery::Control& control, Daemon& daemon)
    : control_(control), daemon_(daemon) {}

void Transports::list(Call call) {
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));
  control_.transports([respond = std::move(call.respond)](const auto& views) {
    respond(json_reply(transports_shape(views)));
  });
}

void Transports::suspend(Call call) {
  if (auto refusal = refusal_of(call, *daemon_.config())) return call.respond(*std::move(refusal));
  Duration how_long = kUsualSuspension;
  const auto text = call.parameters.take("for");
  if (!text) return call.respond(problem(400, text.error().what));
  if (*text) {
    const auto parsed = config::parse_duration(**text);
    if (!parsed) return call.respond(problem(400, "for: " + parsed.error().what));
    if (*parsed == Duration::zero())
      return call.respond(
          problem(400, "for: " + config::quote(**text) + " ends before it begins."));
    how_long = *parsed;
  }
  auto reason = call.parameters.take("reason");
  if (!reason) return call.respond(problem(400, reason.error().what));
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));
  control_.suspend(call.captures.at(0), domain_of(call), how_long,
                   reason->value_or("suspended by the operator"), answer(call, "suspended"));
}

void Transports::resume(Call call) {
  if (auto refusal = refusal_of(call, *daemon_.config())) return call.respond(*std::move(refusal));
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));
  control_.resume(call.captures.at(0), domain_of(call), answer(call, "closed"));
}

void Transports::classify(Call call) {
  const auto transport = call.parameters.take("transport");
  const auto text = call.parameters.take("text");
  const auto status = call.parameters.take("status");
  for (const auto* parameter : {&transport, &text, &status})
    if (!*parameter) return call.respond(problem(400, parameter->error().what));
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));
  if (!*transport || (!*text && !*status))
    return call.respond(problem(400, "Give transport and text or status."));
  const auto code = parse_number(status->value_or("0"));
  if (!code || *code > 999) return call.respond(problem(400, "status is not a number up to 999."));

  const auto config = daemon_.config();
  const config::Transport* named = config->find_transport(**transport);
  const auto verdict = daemon_.classify(named != nullptr ? named->type : **transport,
                                        text->value_or(""), static_cast<int>(*code));
  if (!verdict) return call.respond(problem(404, verdict.error().what));
  call.respond(reply(200, "application/json", *verdict + "\n"));
}

}  // namespace postern::admin

#include "admin/transports.hpp"

#include <nlohmann/json.hpp>

#include "admin/shapes.hpp"
#include "core/text.hpp"

namespace postern::admin {
namespace {

std::string domain_of(const Call& call) {
  return call.captures.size() > 1 ? to_lower(call.captures.at(1)) : std::string();
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
  Duration how_long = kUsualSuspension;
  const auto text = call.parameters.take("for");
  if (!text) return call.respond(problem(400, text.error().what));
  if (*text) {
    const auto parsed = config::parse_duration(**text);
    if (!parsed) return call.respond(problem(400, "for: " + parsed.error().what));
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

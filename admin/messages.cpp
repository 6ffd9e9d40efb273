#include "admin/messages.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "admin/shapes.hpp"
#include "core/log.hpp"

namespace postern::admin {
namespace {

using Verb = queue::Steer::Verb;

constexpr std::uint32_t kStep = 50;  // messages read at a time: each may have many recipients

struct VerbName {
  std::string_view name;
  Verb verb;
};

bool fits(Verb verb, DeliveryState state) {
  const bool waits = state == DeliveryState::queued || state == DeliveryState::deferred ||
                     state == DeliveryState::uncertain;
  const bool held = state == DeliveryState::held;
  switch (verb) {
    case Verb::release:
      return held;
    case Verb::cancel:
      return waits || held;
    default:
      return waits;
  }
}

constexpr std::array kVerbs{VerbName{"retry", Verb::retry}, VerbName{"hold", Verb::hold},
                            VerbName{"release", Verb::release}, VerbName{"delete", Verb::cancel}};

Result<queue::Steer> steer_of(const std::string& name, Parameters& parameters, Time now) {
  for (const auto& known : kVerbs) {
    if (known.name != name) continue;
    queue::Steer steer;
    steer.verb = known.verb;
    steer.at = now;
    if (known.verb != Verb::hold) return steer;
    auto reason = parameters.take("reason");
    if (!reason) return reason.error();
    steer.reason = reason->value_or("held by the operator");
    return steer;
  }
  return Error{"There is no verb \"" + name + "\"; there are retry, hold, release, delete."};
}

Response answer_of(const std::string& verb, const delivery::Steered& result) {
  if (const auto* fault = std::get_if<queue::StorageFault>(&result))
    return problem(503, "The queue cannot be written now (" + fault->what + "). The " + verb +
                            " stands: it is done as soon as the queue can be written, unless the "
                            "daemon ends before.");
  const auto& applied = std::get<queue::Applied>(result);
  return json_reply({{"verb", verb},
                     {"changed", applied.changed},
                     {"possible_duplicates", applied.resent_uncertain}});
}

std::string states_of(const queue::Stored& stored) {
  std::string states;
  for (const Delivery& delivery : stored.deliveries) {
    const auto state = to_string(delivery.state);
    if (states.find(state) != std::string::npos) continue;
    states += (states.empty() ? "" : ", ") + std::string(state);
  }
  return states;
}

Response unknown_message(const Error& error) {
  return problem(404, error.what);
}
Response unknown_message(MessageNo no) {
  return problem(404, "no such message id: " + to_id(no));
}

}  // namespace

Messages::Messages(queue::Reader& reader, delivery::Control& control, const Clock& clock,
                   boost::asio::any_io_executor blocking)
    : reader_(reader), control_(control), clock_(clock), blocking_(std::move(blocking)) {}

void Messages::list(Call call) {
  const auto filter = take_filter(call.parameters, clock_.now());
  if (!filter) return call.respond(problem(400, filter.error().what));
  const auto limit = take_limit(call.parameters, kUsualPage, kMaxPage);
  if (!limit) return call.respond(problem(400, limit.error().what));
  const auto cursor = call.parameters.take("cursor");
  if (!cursor) return call.respond(problem(400, cursor.error().what));
  MessageNo after{};
  if (*cursor) {
    const auto no = parse_id(**cursor);
    if (!no) return call.respond(problem(400, "cursor is not one that this list gave."));
    after = *no;
  }
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));

  std::string page = "{\"messages\":[";
  std::uint32_t count = 0;
  bool more = true;
  while (more && count < *limit && page.size() < kMaxPageBytes) {
    const auto wanted = std::min(kStep, *limit - count);
    const auto step = reader_.list(*filter, after, wanted);
    more = step.size() == wanted;
    for (const auto& stored : step) {
      page += (count++ == 0 ? "" : ",") + to_text(message_shape(stored));
      after = stored.message->no;
    }
  }
  page += "],\"next\":" + (more ? "\"" + to_id(after) + "\"" : std::string("null")) + "}\n";
  call.respond(reply(200, "application/json", std::move(page)));
}

void Messages::show(Call call) {
  const auto no = parse_id(call.captures.at(0));
  if (!no) return call.respond(unknown_message(no.error()));
  const auto stored = reader_.find(*no);
  if (!stored) return call.respond(unknown_message(*no));
  call.respond(json_reply(history_shape(*stored)));
}

void Messages::body(Call call) {
  const auto no = parse_id(call.captures.at(0));
  if (!no) return call.respond(unknown_message(no.error()));
  const auto stored = reader_.find(*no);
  if (!stored) return call.respond(unknown_message(*no));
  const auto content = reader_.content(*stored->message);
  if (!content)
    return call.respond(problem(404, "The body of " + to_id(*no) + " is no longer kept."));

  auto response = reply(200, "message/rfc822", {});
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"" + to_id(*no) + ".eml\"");
  response.stream_bytes = content->size_bytes();
  response.next = [content, blocking = blocking_, next = std::uint32_t{0}](auto done) mutable {
    const std::uint32_t index = next++;
    boost::asio::post(blocking, [content, index, done = std::move(done)] {
      try {
        done(index < content->chunks() ? content->chunk(index) : nullptr);
      } catch (const std::exception& broken) {
        log::event(log::Level::error, {}, "read-failed", {{"reason", broken.what()}});
        done(nullptr);  // too late for a status: the connection is cut
      }
    });
  };
  call.respond(std::move(response));
}

void Messages::steer_one(Call call) {
  const std::string verb = call.captures.at(1);
  auto steer = steer_of(verb, call.parameters, clock_.now());
  if (!steer) return call.respond(problem(404, steer.error().what));
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));
  const auto no = parse_id(call.captures.at(0));
  if (!no) return call.respond(unknown_message(no.error()));
  const auto stored = reader_.find(*no);
  if (!stored) return call.respond(unknown_message(*no));
  const auto& deliveries = stored->deliveries;
  if (std::none_of(deliveries.begin(), deliveries.end(),
                   [&](const Delivery& delivery) { return fits(steer->verb, delivery.state); }))
    return call.respond(problem(
        409, verb + " does not fit the state of " + to_id(*no) + ": " + states_of(*stored) + "."));
  steer->filter.messages = {*no};
  control_.steer(*std::move(steer),
                 [verb, respond = std::move(call.respond)](const delivery::Steered& result) {
                   respond(answer_of(verb, result));
                 });
}

void Messages::steer_many(Call call) {
  const std::string verb = call.captures.at(0);
  auto steer = steer_of(verb, call.parameters, clock_.now());
  if (!steer) return call.respond(problem(404, steer.error().what));
  const auto all = call.parameters.take("all");
  if (!all || (*all && **all != "true"))
    return call.respond(problem(400, "all is either true or absent."));
  auto filter = take_filter(call.parameters, clock_.now());
  if (!filter) return call.respond(problem(400, filter.error().what));
  if (const auto rest = call.parameters.none_left(); !rest)
    return call.respond(problem(400, rest.error().what));
  if (is_empty(*filter) != all->has_value())
    return call.respond(problem(400, "Give a filter, or all=true alone."));
  steer->filter = *std::move(filter);
  control_.steer(*std::move(steer),
                 [verb, respond = std::move(call.respond)](const delivery::Steered& result) {
                   respond(answer_of(verb, result));
                 });
}

}  // namespace postern::admin

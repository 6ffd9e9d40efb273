#include "admin/api.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <nlohmann/json.hpp>

#include "admin/messages.hpp"
#include "admin/metrics_page.hpp"
#include "admin/shapes.hpp"
#include "admin/transports.hpp"
#include "core/log.hpp"
#include "core/text.hpp"

namespace postern::admin {
namespace {

constexpr std::size_t kThreads = 2;  // one may wait for a slow disk while the other answers

enum class Runs {
  here,      // on the io thread: must not block
  blocking,  // on the Api's own threads
};

struct Route {
  std::string_view method;
  std::vector<std::string_view> pattern;  // path words; {} takes any one segment
  Runs runs;
  std::function<void(Call)> answer;
};

/// The segments where the pattern has {}; nullopt: another path.
std::optional<std::vector<std::string>> match(const Route& route, const Target& target) {
  if (route.pattern.size() != target.words.size()) return std::nullopt;
  std::vector<std::string> captures;
  for (std::size_t i = 0; i < route.pattern.size(); ++i) {
    if (route.pattern[i] == "{}")
      captures.push_back(target.segments[i]);
    else if (route.pattern[i] != target.words[i])
      return std::nullopt;
  }
  return captures;
}

bool is_probe(std::string_view target) {
  return target == "/healthz" || target == "/readyz";
}

}  // namespace

struct Api::Impl {
  Impl(Guard::Settings settings, queue::Reader& queue_reader, delivery::Control& control,
       Metrics& metrics, const Clock& time, Daemon& node)
      : reader(queue_reader),
        clock(time),
        daemon(node),
        guard(std::move(settings)),
        messages(reader, control, clock, pool.get_executor()),
        transports(control, daemon),
        metrics_page(reader, metrics, clock) {
    add("GET", "/healthz", Runs::here, [](const Call& c) {
      c.respond(json_reply({{"alive", true}}));
    });
    add("GET", "/readyz", Runs::here, [this](const Call& c) { ready(c); });
    add("GET", "/metrics", Runs::blocking, [this](const Call& c) {
      c.respond(reply(200, "text/plain; version=0.0.4; charset=utf-8", metrics_page.text()));
    });
    add("GET", "/api/v1/messages", Runs::blocking, [this](Call c) { messages.list(std::move(c)); });
    add("GET", "/api/v1/messages/{}", Runs::blocking,
        [this](Call c) { messages.show(std::move(c)); });
    add("GET", "/api/v1/messages/{}/body", Runs::blocking,
        [this](Call c) { messages.body(std::move(c)); });
    add("POST", "/api/v1/messages/{}", Runs::blocking,
        [this](Call c) { messages.steer_many(std::move(c)); });
    add("POST", "/api/v1/messages/{}/{}", Runs::blocking,
        [this](Call c) { messages.steer_one(std::move(c)); });
    add("GET", "/api/v1/transports", Runs::here, [this](Call c) { transports.list(std::move(c)); });
    for (const std::string_view path :
         {"/api/v1/transports/{}/suspend", "/api/v1/transports/{}/{}/suspend"})
      add("POST", path, Runs::here, [this](Call c) { transports.suspend(std::move(c)); });
    for (const std::string_view path :
         {"/api/v1/transports/{}/resume", "/api/v1/transports/{}/{}/resume"})
      add("POST", path, Runs::here, [this](Call c) { transports.resume(std::move(c)); });
    add("GET", "/api/v1/classify", Runs::blocking,
        [this](Call c) { transports.classify(std::move(c)); });
    add("GET", "/api/v1/stats", Runs::blocking, [this](const Call& c) { stats(c); });
    add("GET", "/api/v1/config", Runs::blocking, [this](const Call& c) {
      c.respond(reply(200, "application/toml", config::show(*daemon.config())));
    });
    add("POST", "/api/v1/reload", Runs::blocking, [this](const Call& c) { reload(c); });
  }

  void add(std::string_view method, std::string_view path, Runs runs,
           std::function<void(Call)> function) {
    routes.push_back({method, split(path.substr(1), '/'), runs, std::move(function)});
  }

  void route(net::HttpServer::Request request, net::HttpServer::Respond respond) {
    if (auto refusal = guard.refuse(request, is_probe(request.target), clock.tick()))
      return respond(*std::move(refusal));
    auto target = parse_target(request.target);
    if (!target) return respond(problem(400, target.error().what));
    std::string allowed;
    for (const Route& candidate : routes) {
      auto captures = match(candidate, *target);
      if (!captures) continue;
      if (candidate.method == request.method)
        return run(candidate,
                   {*std::move(captures), std::move(target->parameters), std::move(respond)});
      allowed = candidate.method;
    }
    if (allowed.empty()) return respond(problem(404, "There is nothing at this path."));
    auto refusal = problem(405, "This path takes " + allowed + ".");
    refusal.headers.emplace_back("Allow", allowed);
    respond(std::move(refusal));
  }

  void run(const Route& chosen, Call call) {
    if (chosen.runs == Runs::here) return chosen.answer(std::move(call));
    boost::asio::post(pool, [&chosen, call = std::move(call)]() mutable {
      const auto respond = call.respond;
      try {
        chosen.answer(std::move(call));
      } catch (const std::exception& broken) {
        log::event(log::Level::error, {}, "request-failed", {{"reason", broken.what()}});
        respond(problem(503, "The queue cannot be read; the log says why."));
      }
    });
  }

  void ready(const Call& call) {
    const Readiness readiness = daemon.readiness();
    call.respond(
        json_reply({{"ready", readiness.ready()},
                    {"storage", readiness.storage_healthy ? "ok" : "the last commit failed"},
                    {"draining", readiness.draining}},
                   readiness.ready() ? 200 : 503));
  }

  void stats(const Call& call) {
    call.respond(json_reply(stats_shape(reader.counts(), reader.used_bytes())));
  }

  void reload(const Call& call) {
    const auto mistakes = daemon.reload();
    if (mistakes.empty()) return call.respond(json_reply({{"reloaded", true}}));
    Json list = Json::array();
    for (const auto& mistake : mistakes) list.push_back(mistake.to_string());
    call.respond(problem(422, "The configuration has mistakes; the old one stays in effect.",
                         {{"mistakes", std::move(list)}}));
  }

  queue::Reader& reader;
  const Clock& clock;
  Daemon& daemon;
  boost::asio::thread_pool pool{kThreads};
  Guard guard;
  Messages messages;
  Transports transports;
  MetricsPage metrics_page;
  std::vector<Route> routes;
};

Api::Api(Guard::Settings settings, queue::Reader& reader, delivery::Control& control,
         Metrics& metrics, const Clock& clock, Daemon& daemon)
    : impl_(std::make_unique<Impl>(std::move(settings), reader, control, metrics, clock, daemon)) {}

Api::~Api() {
  impl_->pool.join();
}

void Api::answer(net::HttpServer::Request request, net::HttpServer::Respond respond) {
  impl_->route(std::move(request), std::move(respond));
}

}  // namespace postern::admin

#include "app/daemon.hpp"

#include <signal.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "config/units.hpp"
#include "core/log.hpp"
#include "core/thread_name.hpp"
#include "dkim/keyring.hpp"
#include "net/systemd.hpp"
#include "queue/sqlite_store.hpp"
#include "transports/classify_json.hpp"
#include "transports/registry.hpp"

namespace postern::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrain = 30s;
// Of those, the sessions get the first part, so that attempts have time to end.
constexpr auto kDrainSessions = 10s;
constexpr auto kFirstSweep = 5s;
// When a delivery that a crash cut off is first asked about.
constexpr auto kFirstAsk = 15s;

std::unique_ptr<queue::Store> open_store(const config::Config& config) {
  return std::make_unique<queue::SqliteStore>(config.server.state / "queue.db",
                                              config.queue.max_size_bytes);
}

admin::Guard::Settings guard_settings(const config::Config& config) {
  return {config.admin.token, config.admin.bind ? config.admin.bind->host : std::string{}};
}

queue::Retention::Keep keep_of(const config::Config& config) {
  // A message that is forgotten could be queued again.
  return {config.queue.keep_bodies,
          std::max(config.queue.keep_history, config.queue.dedupe_window)};
}

void warn(const config::Config& config, Time now) {
  for (const std::string& warning : config::warnings(config, now))
    log::event(log::Level::warning, {}, "config_warning", {{"what", warning}});
}

// What is fixed for the life of the process; the rest follows a reload.
std::vector<std::string> fixed_settings_changed(const config::Config& was,
                                                const config::Config& is) {
  std::vector<std::string> changed;
  if (was.server.state != is.server.state) changed.emplace_back("server.state");
  if (was.server.io_threads != is.server.io_threads) changed.emplace_back("server.io_threads");
  if (was.queue.store != is.queue.store) changed.emplace_back("queue.store");
  if (was.queue.max_size_bytes != is.queue.max_size_bytes) changed.emplace_back("queue.max_size");
  if (was.admin.bind != is.admin.bind || was.admin.socket != is.admin.socket ||
      was.admin.token != is.admin.token)
    changed.emplace_back("admin");
  return changed;
}

}  // namespace

Daemon::Daemon(std::shared_ptr<const config::Config> config, LoadConfig load, queue::StateLock lock)
    : lock_(std::move(lock)),
      load_(std::move(load)),
      config_(std::move(config)),
      io_([&] {
        const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
        std::vector<std::unique_ptr<Io>> io(config_->server.io_threads ? config_->server.io_threads
                                                                       : cores);
        for (auto& one : io) one = std::make_unique<Io>();
        return io;
      }()),
      http_({}),
      committer_(open_store(*config_), clock_, metrics_),
      scheduler_(config_, make_transports(*config_), committer_, clock_, metrics_),
      retention_(std::make_shared<queue::Retention>(io_[0]->context.get_executor(), committer_,
                                                    clock_, keep_of(*config_))),
      smtp_(executors(), {committer_, clock_, metrics_}),
      api_(guard_settings(*config_), committer_.reader(), scheduler_, metrics_, clock_, *this),
      admin_(io_[0]->context.get_executor(), {},
             [this](net::HttpServer::Request request, net::HttpServer::Respond respond) {
               api_.answer(std::move(request), std::move(respond));
             }),
      signals_(io_[0]->context, SIGTERM, SIGINT, SIGHUP) {
  committer_.set_intake(&scheduler_);
  committer_.set_dedupe_window(config_->queue.dedupe_window);
}

Daemon::~Daemon() {
  for (auto& io : io_) {
    io->work.reset();
    io->context.stop();
    if (io->thread.joinable()) io->thread.join();
  }
}

std::vector<boost::asio::any_io_executor> Daemon::executors() {
  std::vector<boost::asio::any_io_executor> executors;
  for (auto& io : io_) executors.emplace_back(io->context.get_executor());
  return executors;
}

delivery::Scheduler::Transports Daemon::make_transports(const config::Config& config) {
  auto keyring = dkim::Keyring::build(config.domains);
  if (!keyring) throw std::invalid_argument(keyring.error().what);
  transports::Tools tools;
  tools.io = executors();
  tools.http = &http_;
  tools.clock = &clock_;
  tools.failover_after = config.queue.failover_after;
  tools.keyring = std::make_shared<const dkim::Keyring>(std::move(*keyring));
  delivery::Scheduler::Transports made;
  for (std::size_t i = 0; i < config.transports.size(); ++i) {
    const config::Transport& settings = config.transports[i];
    try {
      made.push_back(transports::make(settings, tools));
    } catch (const std::filesystem::filesystem_error& error) {
      const std::string setting = "transport." + std::to_string(i) + ".directory";
      throw std::runtime_error("the directory " + settings.directory.string() + " of " +
                               settings.name + " cannot be used: " + error.code().message() + " (" +
                               config.where(setting) + ')');
    }
  }
  return made;
}

void Daemon::run() {
  // First what may fail: no attempt may begin in a process that cannot serve. Clients that connect
  // meanwhile wait in the backlog until the io threads run.
  open_doors();
  const Time now = clock_.now();
  if (const std::uint64_t unclear = committer_.recover(now, now + kFirstAsk))
    log::event(log::Level::warning, {}, "recovered", {{"uncertain", unclear}});
  committer_.start();
  scheduler_.start();
  await_signals();
  for (auto& io : io_)
    io->thread = std::thread([context = &io->context] {
      name_this_thread("io");
      context->run();
    });
  net::notify_service_manager("READY=1");
  {
    std::unique_lock lock(stop_mutex_);
    stop_.wait(lock, [this] { return stop_asked_; });
  }
  drain();
}

void Daemon::open_doors() {
  auto inherited = net::inherited_sockets();
  if (!inherited) throw std::runtime_error(inherited.error().what);
  smtp_.inherit(std::move(*inherited));
  if (const auto error = smtp_.configure(config_)) throw std::runtime_error(error->what);
  open_admin();
  retention_->start(kFirstSweep);
  warn(*config_, clock_.now());
  for (const config::Listener& listener : config_->listeners)
    log::event(log::Level::info, {}, "listening",
               {{"smtp", config::format_endpoint(listener.bind)}});
}

void Daemon::open_admin() {
  const auto listen = [this](const std::string& what, const char* setting, const auto& open) {
    try {
      open();
    } catch (const boost::system::system_error& error) {
      throw std::runtime_error("cannot listen on " + what + " for admin and console: " +
                               error.code().message() + " (" + config_->where(setting) + ')');
    }
  };
  const std::filesystem::path socket = config_->admin_socket();
  listen(socket.string(), "admin.socket", [&] { admin_.listen_unix(socket); });
  if (const auto& bind = config_->admin.bind)
    listen(bind->host + ':' + std::to_string(bind->port), "admin.bind",
           [&] { admin_.listen_tcp(bind->host, bind->port); });
}

void Daemon::await_signals() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    on_signal(number);
    await_signals();
  });
}

void Daemon::on_signal(int number) {
  if (number == SIGHUP) {
    reload();
    return;
  }
  draining_ = true;
  net::notify_service_manager("STOPPING=1");
  smtp_.shut_down();
  const std::lock_guard lock(stop_mutex_);
  stop_asked_ = true;
  stop_.notify_one();
}

void Daemon::drain() {
  log::event(log::Level::info, {}, "draining", {{"sessions", smtp_.connections()}});
  const Tick began = clock_.tick();
  {
    // Sessions end by themselves; there is nobody to tell this thread but the count.
    std::unique_lock lock(stop_mutex_);
    while (smtp_.connections() > 0 && clock_.tick() - began < kDrainSessions)
      stop_.wait_for(lock, 20ms);
  }
  scheduler_.stop(began + kDrain - 2s);
  http_.close(began + kDrain - 1s);
  // Still on the io thread: the server closes its sockets there.
  std::promise<void> closed;
  boost::asio::post(io_[0]->context, [this, &closed] {
    retention_->stop();
    admin_.stop();
    closed.set_value();
  });
  closed.get_future().wait();
  committer_.stop();
  log::event(log::Level::info, {}, "stopped");
}

admin::Readiness Daemon::readiness() const {
  return {committer_.healthy() && committer_.has_room(1), draining_};
}

std::shared_ptr<const config::Config> Daemon::config() const {
  const std::lock_guard lock(config_mutex_);
  return config_;
}

std::vector<config::Mistake> Daemon::reload() {
  const std::lock_guard one_at_a_time(reload_mutex_);
  net::notify_reloading();
  config::Loaded loaded = load_();
  std::vector<config::Mistake> mistakes;
  if (auto* fresh = std::get_if<config::Config>(&loaded))
    mistakes = apply(std::make_shared<const config::Config>(std::move(*fresh)));
  else
    mistakes = std::get<std::vector<config::Mistake>>(loaded);
  for (const config::Mistake& mistake : mistakes)
    log::event(log::Level::error, {}, "reload_refused", {{"mistake", mistake.to_string()}});
  if (mistakes.empty()) log::event(log::Level::info, {}, "reloaded");
  net::notify_service_manager("READY=1");  // with the new configuration, or the old one
  return mistakes;
}

// Everything that can fail comes first; then the new configuration takes over as a whole.
std::vector<config::Mistake> Daemon::apply(std::shared_ptr<const config::Config> fresh) {
  delivery::Scheduler::Transports made;
  try {
    made = make_transports(*fresh);
  } catch (const std::exception& error) {
    return {config::Mistake{"configuration", 0, 0, error.what()}};
  }
  std::promise<std::optional<Error>> configured;
  const auto configure = [this, &fresh, &configured] {
    configured.set_value(smtp_.configure(fresh));
  };
  boost::asio::dispatch(io_[0]->context, configure);
  if (const auto error = configured.get_future().get())
    return {config::Mistake{"configuration", 0, 0, error->what}};
  for (const std::string& name : fixed_settings_changed(*config(), *fresh))
    log::event(log::Level::warning, {}, "restart_needed", {{"setting", name}});
  scheduler_.reconfigure(fresh, std::move(made));
  log::start(fresh->log.level, fresh->log.format);
  retention_->set(keep_of(*fresh));
  committer_.set_dedupe_window(fresh->queue.dedupe_window);
  warn(*fresh, clock_.now());
  const std::lock_guard lock(config_mutex_);
  config_ = std::move(fresh);
  return {};
}

Result<std::string> Daemon::classify(const std::string& type, const std::string& text,
                                     int status) const {
  return transports::classify_json(type, text, status, clock_.now());
}

}  // namespace postern::app

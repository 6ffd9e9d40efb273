#pragma once
// The running daemon: its parts in the order in which they are built; destroyed in the other.
//
// Threads: io threads (sessions, smarthosts, admin), the committer's, libcurl's, the scheduler's;
// the main thread waits for a signal and does the draining.
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "admin/api.hpp"
#include "admin/daemon.hpp"
#include "config/load.hpp"
#include "core/metrics.hpp"
#include "delivery/scheduler.hpp"
#include "net/curl_http_client.hpp"
#include "net/http_server.hpp"
#include "queue/committer.hpp"
#include "queue/retention.hpp"
#include "queue/state_lock.hpp"
#include "smtpd/server.hpp"

namespace postern::app {

/// Where the configuration comes from, each time anew.
using LoadConfig = std::function<config::Loaded()>;

class Daemon final : public admin::Daemon {
 public:
  /// Opens the store, recovers it and builds every part. Throws what stands in the way.
  Daemon(std::shared_ptr<const config::Config> config, LoadConfig load, queue::StateLock lock);
  ~Daemon() override;

  /// Opens the doors, serves until SIGTERM or SIGINT, drains for at most 30 s.
  void run();

  // admin::Daemon
  admin::Readiness readiness() const override;
  std::vector<config::Mistake> reload() override;
  std::shared_ptr<const config::Config> config() const override;
  Result<std::string> classify(const std::string& type, const std::string& text,
                               int status) const override;

 private:
  struct Io {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    std::thread thread;
  };

  std::vector<boost::asio::any_io_executor> executors();
  delivery::Scheduler::Transports make_transports(const config::Config& config);
  void recover();
  void await_signals();
  void on_signal(int number);
  std::vector<config::Mistake> apply(std::shared_ptr<const config::Config> fresh);
  void open_doors();
  void open_admin();
  void drain();

  queue::StateLock lock_;
  LoadConfig load_;
  SystemClock clock_;
  Metrics metrics_;
  mutable std::mutex config_mutex_;
  std::shared_ptr<const config::Config> config_;
  std::mutex reload_mutex_;  // one reload at a time
  std::vector<std::unique_ptr<Io>> io_;
  net::CurlHttpClient http_;
  queue::Committer committer_;
  delivery::Scheduler scheduler_;
  std::shared_ptr<queue::Retention> retention_;
  smtpd::Server smtp_;
  admin::Api api_;
  net::HttpServer admin_;
  boost::asio::signal_set signals_;
  std::atomic<bool> draining_{false};
  std::mutex stop_mutex_;
  std::condition_variable stop_;
  bool stop_asked_ = false;
};

}  // namespace postern::app

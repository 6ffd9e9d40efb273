#include "app/app.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>

#include "app/daemon.hpp"
#include "core/log.hpp"
#include "dkim/keyring.hpp"

namespace postern::app {
namespace {

// Thousands of clients need more descriptors than the usual soft limit of 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// By now everything is on disk. What may still hold the end are threads in getaddrinfo(3), which
// cannot be interrupted and may wait minutes for a name server that says nothing.
void end_soon() {
  constexpr unsigned kSeconds = 1;
  signal(SIGALRM, [](int) { _exit(0); });
  alarm(kSeconds);
}

int complain(const std::string& what) {
  std::cerr << "postern: " << what << '\n';
  return 1;
}

}  // namespace

int serve(const std::string& file, bool check) {
  const LoadConfig load = [file] {
    const config::Environment environment = config::process_environment();
    return file.empty() ? config::load_environment(environment)
                        : config::load_file(file, environment, dkim::complaint_of);
  };
  config::Loaded loaded = load();
  if (const auto* mistakes = std::get_if<std::vector<config::Mistake>>(&loaded)) {
    for (const config::Mistake& mistake : *mistakes) std::cerr << mistake.to_string() << '\n';
    return 2;
  }
  auto config = std::make_shared<const config::Config>(std::get<config::Config>(std::move(loaded)));
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  auto lock = queue::StateLock::take(config->server.state);
  if (!lock) return complain(lock.error().what);
  log::start(config->log.level, config->log.format);
  int status = 0;
  try {
    Daemon daemon(config, load, std::move(*lock));
    if (!check) {
      daemon.run();
      end_soon();
    }
  } catch (const std::exception& error) {
    status = complain(error.what());
  }
  log::stop();
  return status;
}

}  // namespace postern::app

#pragma once
// The admin API of interface "Admin HTTP": one function for net::HttpServer that routes requests to
// where they are answered. The table is exact: no other path, no other method.
//
// answer() runs on the server's one io thread and never blocks: what may touch the disk runs on
// two threads of its own. The destructor waits for those; answers that come later go nowhere.
#include <memory>

#include "admin/daemon.hpp"
#include "admin/guard.hpp"
#include "core/metrics.hpp"
#include "delivery/control.hpp"
#include "net/http_server.hpp"
#include "queue/store.hpp"

namespace postern::admin {

class Api {
 public:
  /// All references outlive the Api; the Api outlives the server that calls it.
  Api(Guard::Settings settings, queue::Reader& reader, delivery::Control& control, Metrics& metrics,
      const Clock& clock, Daemon& daemon);
  ~Api();

  void answer(net::HttpServer::Request request, net::HttpServer::Respond respond);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::admin

#pragma once
// /api/v1/transports and /api/v1/classify: what the ways out do, the operator's breaker, and what
// the rules make of a reply. Called by Api on its own threads; stateless, thread-safe.
#include "admin/daemon.hpp"
#include "admin/reply.hpp"
#include "delivery/control.hpp"

namespace postern::admin {

class Transports {
 public:
  static constexpr Duration kUsualSuspension = std::chrono::hours{1};

  Transports(delivery::Control& control, Daemon& daemon);

  void list(Call call);
  /// Captures: transport and, optionally, domain. Parameters: for (a duration), reason.
  void suspend(Call call);
  void resume(Call call);
  /// Parameters: transport (a name or a type), text, status.
  void classify(Call call);

 private:
  delivery::Control& control_;
  Daemon& daemon_;
};

}  // namespace postern::admin

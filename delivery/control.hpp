#pragma once
// What an operator may do to deliveries and transports. Implemented by the scheduler, called by
// admin/, whose tests put their own behind it. Thread-safe; answers come on the scheduler's thread.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "queue/store.hpp"

namespace postern::delivery {

/// One transport × domain as an operator sees it; the rows of `postern transports`.
struct TransportView {
  std::string name, type, domain;  // domain empty: the transport as a whole
  std::string breaker;             // closed, half-open, open, suspended
  std::string reason;
  std::optional<Time> until;
  std::uint32_t in_flight = 0;  // calls on the wire; of the transport as a whole only
  std::uint64_t sent = 0, failed = 0;
  std::string last_error;
  double rate_per_second = 0;
  std::string account;  // what the provider says of it; of the transport as a whole only
};

/// What a verb did, all its steps together; or the fault of the store that it waits for. Then the
/// verb stands: it is carried out as soon as the store can be written, if the process lives so
/// long.
using Steered = std::variant<queue::Applied, queue::StorageFault>;

class Control {
 public:
  virtual ~Control() = default;
  /// All steps of the verb; `changed` and `resent_uncertain` are sums over them.
  virtual void steer(queue::Steer verb, std::function<void(Steered)> done) = 0;
  virtual void transports(std::function<void(std::vector<TransportView>)> done) = 0;
  /// Operator's breaker; `domain` empty: the whole transport. False: no such transport.
  virtual void suspend(std::string transport, std::string domain, Duration for_how_long,
                       std::string reason, std::function<void(bool)> done) = 0;
  virtual void resume(std::string transport, std::string domain,
                      std::function<void(bool)> done) = 0;

  using Changed = std::variant<std::vector<queue::Applied>, queue::StorageFault>;
  /// Suppress and Unsuppress, in one transaction. The answer comes on the committer's thread.
  virtual void change(std::vector<queue::Change> changes, std::function<void(Changed)> done) = 0;
  /// Asks a transport; see Transport::suppressions. The answer comes on any thread.
  virtual void read_suppressions(std::string transport, SuppressionQuery query,
                                 std::function<void(Result<SuppressionPage>)> done) = 0;
};

}  // namespace postern::delivery

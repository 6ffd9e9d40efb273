#pragma once
// A Job: the deliveries of one message that take the same way together, as the scheduler holds them
// in memory, and how they are cut to what one call of a transport may carry. Scheduler's thread.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/message.hpp"
#include "delivery/route.hpp"

namespace postern::delivery {

/// What must be remembered of one delivery; the rest is in the store.
struct Copy {
  std::uint32_t index = 0;
  std::int64_t token = 0;
  std::uint32_t attempts = 0;
  Time expires_at{};
  std::optional<Time> first_failed_at;
  std::optional<Time> notice_at{};  // when the sender is to hear that it is late
};

struct Job {
  std::shared_ptr<const Message> message;
  std::shared_ptr<const Content> content;  // empty: to be read when it is needed
  DomainIndex domain = 0;
  std::vector<Copy> deliveries;
  std::vector<TransportIndex> tried;        // in this cycle; the last one failed last
  std::optional<TransportIndex> preferred;  // an uncertain one goes again where it was
  std::string left_because;                 // the last transport's words, when it was left
  std::string doubt;  // not empty: an earlier attempt may have arrived; how that was settled
  std::string doubtful_transport;
  bool singly = false;  // refused in company: one recipient a call
  bool deferred_in_cycle = false;
  bool refused_in_cycle = false;  // as a message, by a transport of this cycle
  bool from_store = false;
  bool content_counted = false;  // its content is in the memory budget

  /// The same message and history, without deliveries.
  std::unique_ptr<Job> sibling() const;
};

/// True, once, when it is time to tell the sender that the delivery is late.
bool take_notice(Copy& copy, Time now);

/// Cuts off what one call may carry; `job` keeps the rest (empty when it all fits).
std::unique_ptr<Job> portion(Job& job, std::uint32_t max_recipients);

}  // namespace postern::delivery

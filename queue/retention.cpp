#include "queue/retention.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace postern::queue {
namespace {

constexpr Duration kPause = std::chrono::minutes(1);
// Between two steps of one sweep, new mail has the committer to itself.
constexpr Duration kBreath = std::chrono::milliseconds(20);

}  // namespace

Retention::Retention(boost::asio::any_io_executor executor, Committer& committer,
                     const Clock& clock, Keep keep)
    : timer_(std::move(executor)), committer_(committer), clock_(clock), keep_(keep) {}

void Retention::start(Duration first) {
  wait(first);
}

void Retention::wait(Duration duration) {
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) self->sweep();
  });
}

void Retention::sweep() {
  const Time now = clock_.now();
  Prune prune;
  prune.bodies_before = now - keep_.bodies;
  prune.history_before = now - keep_.history;
  prune.suppressions_before = now;
  committer_.apply(
      {prune, IndexIds{now - kPause}}, [self = shared_from_this()](const auto& result) {
        const auto* applied = std::get_if<std::vector<Applied>>(&result);
        const bool more =
            applied && std::ranges::any_of(*applied, [](const Applied& one) { return one.more; });
        boost::asio::post(self->timer_.get_executor(),
                          [self, more] { self->wait(more ? kBreath : kPause); });
      });
}

}  // namespace postern::queue

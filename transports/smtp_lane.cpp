#include "transports/smtp_lane.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "transports/smtp_connection.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

// So many messages of other names may overtake the first that waits.
constexpr std::uint32_t kMaxPassedOver = 50;
// While other connections work, one that could not be opened is not tried again for so long.
constexpr Duration kSetupPause = 10s;

// A reload replaced this transport; its successor has not been tried.
Outcome closing() {
  Outcome outcome = Outcome::unreachable("the transport is closing");
  outcome.blame = Blame::none;
  outcome.rule = kCalledOff;
  return outcome;
}

}  // namespace

SmtpLane::SmtpLane(std::shared_ptr<const SmtpSettings> settings, asio::any_io_executor executor,
                   std::uint32_t max_connections)
    : settings_(std::move(settings)),
      executor_(std::move(executor)),
      max_connections_(max_connections) {}

// Many messages handed over in a row wake the lane's thread once.
void SmtpLane::submit(SmtpJob job) {
  load_.fetch_add(1, std::memory_order_relaxed);
  bool is_first = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    is_first = inbox_.empty();
    inbox_.push_back(std::move(job));
  }
  if (is_first) asio::post(executor_, [self = shared_from_this()] { self->accept(); });
}

void SmtpLane::accept() {
  std::vector<SmtpJob> arrived;
  {
    const std::lock_guard lock(inbox_mutex_);
    arrived.swap(inbox_);
  }
  for (SmtpJob& job : arrived) waiting_.push_back(std::move(job));
  dispatch();
}

void SmtpLane::close() {
  asio::post(executor_, [self = shared_from_this()] {
    self->is_closing_ = true;
    while (!self->idle_.empty()) self->retire_idle();
    self->dispatch();
  });
}

// First come, first served: to an idle connection of the name, else a new one is opened, else
// an idle one of another name makes room.
void SmtpLane::dispatch(std::size_t spoken_for) {
  while (hand_to_idle()) continue;
  if (waiting_.empty()) return;
  if (is_closing_ && connections_.empty()) return fail_waiting(closing());
  for (const SmtpConnection* connection : connections_)
    spoken_for += connection->is_ready() ? 0 : 1;
  for (; spoken_for < waiting_.size(); ++spoken_for) {
    const std::string& name = waiting_[spoken_for].parcel.ehlo_name;
    if (!may_open(name)) break;
    open(name);
  }
  if (!idle_.empty() && connections_.size() >= max_connections_) retire_idle();
}

bool SmtpLane::hand_to_idle() {
  if (idle_.empty()) return false;
  for (std::size_t i = 0; i < waiting_.size() && i <= kMaxPassedOver; ++i) {
    const std::string& name = waiting_[i].parcel.ehlo_name;
    const auto match = std::find_if(idle_.rbegin(), idle_.rend(), [&](const SmtpConnection* one) {
      return one->ehlo_name() == name;
    });
    if (match == idle_.rend()) continue;
    SmtpConnection& connection = **match;
    idle_.erase(std::next(match).base());
    SmtpJob job = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    connection.wake(std::move(job));
    return true;
  }
  return false;
}

// A peer that is down, or full, is asked by one connection at a time.
bool SmtpLane::may_open(const std::string& ehlo_name) const {
  if (connections_.size() >= max_connections_) return false;
  const bool connecting = std::any_of(connections_.begin(), connections_.end(),
                                      [](const SmtpConnection* one) { return !one->is_ready(); });
  if (!is_peer_up_ && connecting) return false;
  return settings_->clock->tick() >= no_more_before_ || !has_ready(ehlo_name);
}

void SmtpLane::open(const std::string& ehlo_name) {
  auto connection = std::make_unique<SmtpConnection>(shared_from_this(), executor_, ehlo_name);
  connections_.push_back(connection.get());
  asio::co_spawn(executor_, SmtpConnection::run(std::move(connection)), asio::detached);
}

void SmtpLane::retire_idle() {
  SmtpConnection* oldest = idle_.front();
  idle_.erase(idle_.begin());
  oldest->wake(std::nullopt);
}

bool SmtpLane::has_ready(const std::string& ehlo_name) const {
  return std::any_of(connections_.begin(), connections_.end(), [&](const SmtpConnection* one) {
    return one->is_ready() && one->ehlo_name() == ehlo_name;
  });
}

std::optional<SmtpJob> SmtpLane::take(const std::string& ehlo_name) {
  const std::size_t reach = passed_over_ < kMaxPassedOver ? waiting_.size() : 1;
  for (std::size_t i = 0; i < waiting_.size() && i < reach; ++i) {
    if (waiting_[i].parcel.ehlo_name != ehlo_name) continue;
    passed_over_ = i == 0 ? 0 : passed_over_ + 1;
    SmtpJob job = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    return job;
  }
  return std::nullopt;
}

std::optional<SmtpJob> SmtpLane::take_ahead(const std::string& ehlo_name) {
  if (waiting_.empty() || connections_.size() < max_connections_) return std::nullopt;
  std::size_t connecting = 0;
  for (const SmtpConnection* one : connections_) connecting += one->is_ready() ? 0 : 1;
  if (waiting_.size() <= connecting) return std::nullopt;
  return take(ehlo_name);
}

// The peer may have closed the idle connections as well.
void SmtpLane::give_back(SmtpJob job) {
  waiting_.push_front(std::move(job));
  while (!idle_.empty()) retire_idle();
}

void SmtpLane::finish(SmtpJob& job, Report report) {
  load_.fetch_sub(1, std::memory_order_relaxed);
  job.done(std::move(report));
}

void SmtpLane::became_ready(SmtpConnection&) {
  is_peer_up_ = true;
  no_more_before_ = {};
  dispatch(/*spoken_for=*/1);
}

bool SmtpLane::became_idle(SmtpConnection& connection) {
  if (is_closing_) return false;
  // Somebody of another name waits, and there is no room for one more.
  if (!waiting_.empty() && connections_.size() >= max_connections_) return false;
  idle_.push_back(&connection);
  return true;
}

void SmtpLane::no_longer_idle(SmtpConnection& connection) {
  std::erase(idle_, &connection);
}

// Messages that a working connection can take wait for it; the others hear what is the matter.
void SmtpLane::ended(SmtpConnection& connection) {
  std::erase(connections_, &connection);
  if (!connection.is_ready()) {
    is_peer_up_ = false;
    no_more_before_ = settings_->clock->tick() + kSetupPause;
    fail_waiting(connection.failure());
  }
  dispatch();
}

void SmtpLane::fail_waiting(const Outcome& outcome) {
  std::deque<SmtpJob> failed;
  std::deque<SmtpJob> kept;
  for (SmtpJob& job : waiting_)
    (has_ready(job.parcel.ehlo_name) ? kept : failed).push_back(std::move(job));
  waiting_ = std::move(kept);
  // One observation, however many waited: only the first charges it to the transport.
  Outcome bystander = outcome;
  bystander.blame = Blame::none;
  for (SmtpJob& job : failed)
    finish(job,
           Report(job.parcel.recipients.size(), &job == &failed.front() ? outcome : bystander));
}

}  // namespace postern::transports

#include "transports/smtp_connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <exception>
#include <utility>

#include "core/text.hpp"
#include "transports/dot_stuffer.hpp"

namespace postern::transports {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr Duration kConnectPatience = 30s;
constexpr Duration kIdle = 30s;        // less than smarthosts wait for a command
constexpr Duration kFreshEnough = 1s;  // idle for longer: look whether the peer has gone
constexpr Duration kQuitPatience = 5s;
constexpr Duration kContentPatience = 3min;  // a chunk; RFC 5321 section 4.5.3.2.5
constexpr std::uint32_t kMaxServed = 1000;   // messages a connection

}  // namespace

SmtpConnection::SmtpConnection(std::shared_ptr<SmtpLane> lane,
                               const asio::any_io_executor& executor, std::string ehlo_name)
    : lane_(std::move(lane)),
      settings_(lane_->settings()),
      ehlo_name_(std::move(ehlo_name)),
      client_({ehlo_name_, settings_.tls, settings_.username, settings_.password,
               settings_.verify && settings_.tls != config::TransportTls::opportunistic},
              settings_.rules, settings_.timeout),
      stream_(executor),
      idle_timer_(executor) {}

asio::awaitable<void> SmtpConnection::run(std::unique_ptr<SmtpConnection> self) {
  try {
    co_await self->connect();
    co_await self->converse();
  } catch (const std::exception& broken) {
    self->client_.lost(broken.what(), /*end_may_have_left=*/true);
  }
  self->report_results();
  co_await self->stream_.shutdown();
  self->lane_->ended(*self);
}

asio::awaitable<void> SmtpConnection::connect() {
  auto question = settings_.resolver->resolve(settings_.host, settings_.port);
  const net::Resolved resolved = co_await std::move(question);
  if (!resolved) {
    lost("resolving " + settings_.host, resolved.error());
    co_return;
  }
  auto attempt = stream_.connect(*resolved, std::min(settings_.timeout, kConnectPatience));
  const net::error_code error = co_await std::move(attempt);
  if (error) lost("connecting to " + settings_.host, error);
  stream_.expires_after(client_.patience());
}

asio::awaitable<void> SmtpConnection::converse() {
  using Want = SmtpClient::Want;
  for (;;) {
    report_results();
    if (!client_.output().empty()) co_await write_output();
    switch (client_.want()) {
      case Want::input:
        co_await read();
        break;
      case Want::content:
        co_await send_content();
        break;
      case Want::work:
        co_await wait_for_work();
        break;
      case Want::start_tls:
        co_await start_tls();
        break;
      case Want::close:
        co_return;
    }
  }
}

asio::awaitable<void> SmtpConnection::start_tls() {
  // Where no TLS would do, any certificate does (RFC 7435).
  const bool verify = settings_.verify && settings_.tls != config::TransportTls::opportunistic;
  auto handshake = stream_.start_tls_client(settings_.host, verify, *settings_.tls_context);
  const net::error_code error = co_await std::move(handshake);
  if (!error) {
    client_.tls_started();
    stream_.expires_after(client_.patience());
    co_return;
  }
  const std::string& complaint = stream_.tls_complaint();
  client_.tls_failed(
      "TLS with " + settings_.host + ": " + (complaint.empty() ? error.message() : complaint),
      !complaint.empty());
}

// The deadline is for a whole reply: a peer that drips one cannot hold us for ever.
asio::awaitable<void> SmtpConnection::read() {
  const asio::mutable_buffer buffer = asio::buffer(input_);
  const net::Moved moved = co_await stream_.read_some(buffer);
  if (!moved) {
    lost("waiting for a reply", moved.error());
    co_return;
  }
  if (client_.receive({input_.data(), *moved}, settings_.clock->now()))
    stream_.expires_after(client_.patience());
  if (!is_known_ready_ && client_.is_ready()) {
    is_known_ready_ = true;
    lane_->became_ready(*this);
  }
}

asio::awaitable<void> SmtpConnection::write_output() {
  buffers_.clear();
  const asio::const_buffer output = asio::buffer(client_.output());
  buffers_.push_back(output);
  const net::error_code error = co_await stream_.write(buffers_);
  if (error) lost("writing", error);
  client_.output_written();
}

asio::awaitable<void> SmtpConnection::send_content() {
  const Content& content = *jobs_.front().parcel.content;
  client_.content_started();
  stream_.expires_after(kContentPatience);
  DotStuffer stuffer;
  buffers_.clear();
  stuffer.stuff(jobs_.front().prefix, buffers_);
  const std::uint32_t chunks = content.chunks();
  std::shared_ptr<const std::string> bytes;
  for (std::uint32_t index = 0; index < chunks; ++index) {
    if (index > 0) {
      const net::error_code error = co_await stream_.write(buffers_);
      if (error) {
        lost("sending content", error);
        co_return;
      }
      stream_.expires_after(kContentPatience);
      buffers_.clear();
    }
    bytes = chunk(index);
    if (!bytes) co_return;
    stuffer.stuff(*bytes, buffers_);
  }
  end_at_ = stream_.written_bytes() + asio::buffer_size(buffers_);
  buffers_.push_back(asio::buffer(stuffer.terminator()));
  client_.content_ended();
  take_ahead();
  buffers_.push_back(asio::buffer(client_.output()));
  const net::error_code error = co_await stream_.write(buffers_);
  if (error) lost("sending content", error);
  client_.output_written();
  stream_.expires_after(client_.patience());
}

// nullptr: our store is broken; the connection is given up before the end of data.
std::shared_ptr<const std::string> SmtpConnection::chunk(std::uint32_t index) {
  try {
    return jobs_.front().parcel.content->chunk(index);
  } catch (const std::exception& broken) {
    client_.give_up_content(Outcome::not_sent(broken.what()));
    return nullptr;
  }
}

void SmtpConnection::lost(std::string_view doing, const net::error_code& error) {
  client_.lost(std::string(doing) + ": " + error.message(), stream_.written_bytes() > end_at_);
}

asio::awaitable<void> SmtpConnection::wait_for_work() {
  std::optional<SmtpJob> job;
  if (client_.served() < kMaxServed) job = lane_->take(ehlo_name_);
  if (!job && client_.served() < kMaxServed && lane_->became_idle(*this)) {
    const Tick since = settings_.clock->tick();
    idle_timer_.expires_after(kIdle);
    auto operation = idle_timer_.async_wait(asio::as_tuple(asio::deferred));
    co_await std::move(operation);
    if (!is_woken_) lane_->no_longer_idle(*this);
    is_woken_ = false;
    job = std::exchange(handed_, std::nullopt);
    const bool is_fresh = settings_.clock->tick() - since < kFreshEnough;
    if (!is_fresh && stream_.has_input()) {
      if (job) lane_->give_back(std::move(*job));
      client_.lost("the peer closed the idle connection", false);
      co_return;
    }
  }
  if (job)
    begin(std::move(*job));
  else
    client_.quit();
  stream_.expires_after(job ? client_.patience() : kQuitPatience);
}

void SmtpConnection::wake(std::optional<SmtpJob> job) {
  handed_ = std::move(job);
  is_woken_ = true;
  idle_timer_.cancel();
}

void SmtpConnection::begin(SmtpJob job) {
  const Parcel& parcel = job.parcel;
  try {
    if (settings_.sign && job.prefix.empty())
      job.prefix = settings_.sign(*parcel.message, *parcel.content);
  } catch (const std::exception& broken) {
    return lane_->finish(job, Report(parcel.recipients.size(), Outcome::not_sent(broken.what())));
  }
  auto impossible =
      client_.begin({parcel.message, parcel.recipients,
                     parcel.content->size_bytes() + job.prefix.size(), settings_.clock->now()});
  if (impossible) return lane_->finish(job, std::move(*impossible));
  jobs_.push_back(std::move(job));
}

void SmtpConnection::take_ahead() {
  if (!client_.may_begin() || client_.served() >= kMaxServed) return;
  if (auto job = lane_->take_ahead(ehlo_name_)) begin(std::move(*job));
}

void SmtpConnection::report_results() {
  while (auto result = client_.take_result()) {
    SmtpJob job = std::move(jobs_.front());
    jobs_.pop_front();
    if (result->unsent && !job.is_retried) {
      job.is_retried = !result->was_behind;
      lane_->give_back(std::move(job));
    } else {
      lane_->finish(job, std::move(result->report));
    }
  }
}

}  // namespace postern::transports

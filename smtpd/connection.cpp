#include "smtpd/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/log.hpp"

namespace postern::smtpd {
namespace {

namespace asio = boost::asio;

// Thousands of clients may sit there and say nothing: room for commands until a message comes.
constexpr std::size_t kCommandBufferBytes = 4 * 1024;
constexpr std::size_t kContentBufferBytes = 32 * 1024;

// While the server goes down, a client in the middle of a message gets so long for the rest of it.
constexpr Duration kLastReads = std::chrono::seconds(8);

// Who is not trusted is greeted a moment late: spam engines do not wait for it.
constexpr Duration kGreetingPause = std::chrono::milliseconds(250);

// A handshake is a few packets; who needs longer is not going to talk.
constexpr Duration kHandshake = std::chrono::seconds(30);

// The last words to a client that is being sent away must not take long.
constexpr Duration kFarewell = std::chrono::seconds(5);

// Turns a completion on the committer's thread into one on the connection's. `begin` is called with
// a copyable function that takes the result.
template <class Value, class Begin>
asio::awaitable<Value> answer_of(asio::any_io_executor executor, Begin begin) {
  auto initiate = [executor, begin = std::move(begin)](auto handler) mutable {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    begin([executor, waiting](Value value) {
      asio::post(executor,
                 [waiting, value = std::move(value)]() mutable { (*waiting)(std::move(value)); });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Value)>(std::move(initiate),
                                                                          asio::use_awaitable);
}

}  // namespace

bool Door::has_place(bool trusted) const {
  const std::size_t limit = std::min<std::size_t>(settings.max_connections, crowd->most);
  return crowd->open < (trusted ? limit : limit - limit / 5);
}

bool Door::is_crowded() const {
  const std::size_t limit = std::min<std::size_t>(settings.max_connections, crowd->most);
  return crowd->open * 10 >= limit * 7;
}

Connection::Connection(asio::ip::tcp::socket socket, Peer peer, std::shared_ptr<const Door> door,
                       Services services)
    : door_(std::move(door)),
      stream_(std::move(socket)),
      peer_(std::move(peer)),
      services_(services),
      session_(door_->session, peer_, *door_->policy, services_.committer.numbers()),
      pace_({.idle = door_->settings.idle_timeout}, services_.clock.tick()),
      buffer_(kCommandBufferBytes) {}

asio::awaitable<void> Connection::run() {
  const auto self = shared_from_this();
  try {
    const bool implicit = door_->settings.tls == config::ListenerTls::implicit;
    bool open = !implicit || co_await start_tls();
    open = open && co_await await_turn();
    while (open) {
      open = co_await flush();
      if (!open) break;
      switch (session_.want()) {
        case Want::input:
          open = co_await read();
          break;
        case Want::chunk:
          co_await store_chunk();
          break;
        case Want::commit:
          co_await store_message();
          break;
        case Want::tls:
          open = co_await start_tls();
          break;
        case Want::pause:
          co_await pause(session_.pause());
          session_.resume();
          break;
        case Want::close:
          open = false;
          break;
      }
      drop_abandoned();
    }
    co_await stream_.shutdown(net::Stream::Linger::yes);
  } catch (const std::exception& error) {
    log::event(log::Level::error, {}, "session_failed",
               {{"client", peer_.address}, {"error", error.what()}});
  }
  session_.disconnected();
  drop_abandoned();
  stream_.close();
}

void Connection::hurry() {
  if (reading_) expire_at(deadline());
}

void Connection::shut_down() {
  shutting_down_ = true;
  last_reads_until_ = services_.clock.tick() + kLastReads;
  // Whatever else is under way (a 250 being written) ends first.
  if (reading_) stream_.expires_after(Duration{0});
  if (pausing_ != nullptr) pausing_->cancel();
}

asio::awaitable<bool> Connection::start_tls() {
  begin_ = end_ = 0;
  expire_at(std::min(services_.clock.tick() + kHandshake, deadline()));
  reading_ = true;
  const auto error = co_await stream_.start_tls_server(*door_->tls);
  reading_ = false;
  if (error) {
    log::event(log::Level::info, {}, "tls_failed",
               {{"client", peer_.address}, {"error", error.message()}});
    co_return false;
  }
  session_.encrypted(stream_.tls_description());
  co_return true;
}

// The greeting, unless the client talks first (RFC 5321 section 4.3.1).
asio::awaitable<bool> Connection::await_turn() {
  if (!peer_.trusted) co_await pause(kGreetingPause);
  if (stream_.has_input()) co_return co_await read();
  session_.greet(services_.clock.now());
  co_return true;
}

asio::awaitable<void> Connection::pause(Duration duration) {
  if (shutting_down_) co_return;
  asio::steady_timer timer(stream_.executor(), duration);
  pausing_ = &timer;
  auto operation = timer.async_wait(asio::as_tuple(asio::deferred));
  co_await std::move(operation);
  pausing_ = nullptr;
}

Tick Connection::deadline() const {
  return std::min(pace_.deadline(door_->is_crowded()), last_reads_until_);
}

void Connection::expire_at(Tick tick) {
  stream_.expires_after(std::chrono::ceil<Duration>(tick - services_.clock.tick()));
}

asio::awaitable<bool> Connection::flush() {
  const std::string output = session_.take_output();
  if (output.empty()) co_return true;
  stream_.expires_after(session_.want() == Want::close ? kFarewell : door_->settings.idle_timeout);
  const asio::const_buffer bytes = asio::buffer(output);
  const auto error = co_await stream_.write(bytes);
  pace_.answered(services_.clock.tick());
  co_return !error;
}

asio::awaitable<bool> Connection::read() {
  if (begin_ == end_) {
    if (shutting_down_) session_.shut_down();
    if (session_.want() != Want::input) co_return true;
    expire_at(deadline());
    if (session_.in_content()) buffer_.resize(kContentBufferBytes);
    const asio::mutable_buffer space = asio::buffer(buffer_);
    reading_ = true;
    const net::Moved moved = co_await stream_.read_some(space);
    reading_ = false;
    if (!moved) {
      if (moved.error() != asio::error::timed_out) co_return false;
      // Woken by shut_down() or hurry(): once more around, with another deadline.
      if (services_.clock.tick() >= deadline()) session_.timed_out();
      co_return true;
    }
    begin_ = 0;
    end_ = *moved;
  }
  const std::size_t taken =
      session_.receive({buffer_.data() + begin_, end_ - begin_}, services_.clock.now());
  begin_ += taken;
  if (session_.in_content()) pace_.content(taken, services_.clock.tick());
  log_sign_ins();
  if (const auto reply = session_.take_refusal()) {
    services_.metrics.smtp_messages.Add({{"result", "refused"}}).Increment();
    log::event(log::Level::warning, {}, "rejected", {{"client", peer_.address}, {"reply", *reply}});
  }
  co_return true;
}

void Connection::log_sign_ins() {
  for (const SignInReport& report : session_.take_sign_ins()) {
    const char* const result = report.accepted ? "accepted" : "refused";
    services_.metrics.smtp_sign_ins.Add({{"result", result}}).Increment();
    log::event(report.accepted ? log::Level::debug : log::Level::warning, {},
               report.accepted ? "signed_in" : "sign_in_refused",
               {{"client", peer_.address}, {"user", report.user}});
  }
}

asio::awaitable<void> Connection::store_chunk() {
  Chunk chunk = session_.take_chunk();
  const std::string id = to_id(chunk.no);
  const ChunkResult fault = co_await put_chunk(std::move(chunk));
  if (fault) log_fault(id, *fault);
  session_.chunk_stored(fault);
}

void Connection::log_fault(const std::string& id, const queue::StorageFault& fault) {
  log::event(log::Level::error, id, "not_stored",
             {{"client", peer_.address}, {"error", fault.what}});
}

asio::awaitable<void> Connection::store_message() {
  const Tick began = services_.clock.tick();
  Received received = session_.take_message();
  const std::shared_ptr<const Message> message = received.message;
  const PutResult result = co_await put(std::move(received));
  session_.committed(result);
  services_.metrics.accept_seconds.Observe(to_seconds(services_.clock.tick() - began));
  if (const auto* fault = std::get_if<queue::StorageFault>(&result)) {
    services_.metrics.smtp_messages.Add({{"result", "storage_fault"}}).Increment();
    if (message->chunks > 1) services_.committer.drop_body(message->no);
    log_fault(message->id(), *fault);
    co_return;
  }
  pace_.stored(services_.clock.tick());
  const MessageNo first = std::get<queue::Receipt>(result).no();
  if (first != message->no) {
    services_.metrics.smtp_messages.Add({{"result", "duplicate"}}).Increment();
    log::event(log::Level::info, to_id(first), "duplicate",
               {{"from", message->envelope.sender},
                {"message_id", message->message_id},
                {"client", peer_.address}});
    co_return;
  }
  services_.metrics.smtp_accepted.Increment();
  log::event(log::Level::info, message->id(), "accepted",
             {{"from", message->envelope.sender},
              {"recipients", message->envelope.recipients.size()},
              {"size", message->size_bytes},
              {"message_id", message->message_id},
              {"client", peer_.address}});
}

asio::awaitable<Connection::PutResult> Connection::put(Received received) {
  queue::Committer& committer = services_.committer;
  return answer_of<PutResult>(
      stream_.executor(), [&committer, received = std::move(received)](auto done) mutable {
        committer.put(std::move(received.message), std::move(received.last_chunk), std::move(done));
      });
}

asio::awaitable<Connection::ChunkResult> Connection::put_chunk(Chunk chunk) {
  queue::Committer& committer = services_.committer;
  return answer_of<ChunkResult>(
      stream_.executor(), [&committer, chunk = std::move(chunk)](auto done) mutable {
        committer.put_chunk({chunk.no, chunk.index, std::move(chunk.bytes)}, std::move(done));
      });
}

void Connection::drop_abandoned() {
  if (const auto abandoned = session_.take_abandoned()) services_.committer.drop_body(*abandoned);
}

}  // namespace postern::smtpd

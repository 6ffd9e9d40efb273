#pragma once
// Drives one SMTP connection of a lane: moves bytes between net/stream and the dialogue
// (smtp_client), takes messages from the lane and tells each one's end. One coroutine on the
// lane's thread owns it. Nothing is thrown: what goes wrong becomes the Outcome of the messages
// under way.
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/stream.hpp"
#include "transports/smtp_client.hpp"
#include "transports/smtp_lane.hpp"

namespace postern::transports {

class SmtpConnection {
 public:
  SmtpConnection(std::shared_ptr<SmtpLane> lane, const boost::asio::any_io_executor& executor,
                 std::string ehlo_name);

  /// From connecting to closing; then the lane is told.
  static boost::asio::awaitable<void> run(std::unique_ptr<SmtpConnection> self);

  // For the lane.
  const std::string& ehlo_name() const { return ehlo_name_; }
  bool is_ready() const { return client_.is_ready(); }
  const Outcome& failure() const { return client_.failure(); }
  /// Of an idle connection: goes on with this job, or quits.
  void wake(std::optional<SmtpJob> job);

 private:
  boost::asio::awaitable<void> connect();
  boost::asio::awaitable<void> converse();
  boost::asio::awaitable<void> start_tls();
  boost::asio::awaitable<void> read();
  boost::asio::awaitable<void> write_output();
  boost::asio::awaitable<void> write_buffers(std::size_t end_at);
  boost::asio::awaitable<void> send_content();
  boost::asio::awaitable<void> wait_for_work();

  void begin(SmtpJob job);
  void take_ahead();
  std::shared_ptr<const std::string> chunk(std::uint32_t index);
  void lost(std::string_view doing, const net::error_code& error);
  void report_results();

  std::shared_ptr<SmtpLane> lane_;
  const SmtpSettings& settings_;
  std::string ehlo_name_;
  SmtpClient client_;
  net::Stream stream_;
  boost::asio::steady_timer idle_timer_;
  std::deque<SmtpJob> jobs_;  // begun, in the order of the client's results
  std::optional<SmtpJob> handed_;
  bool is_woken_ = false;
  bool is_known_ready_ = false;
  std::uint64_t end_at_ = 0;  // stream position where the front's end of data begins
  std::vector<boost::asio::const_buffer> buffers_;
  std::array<char, 4096> input_;
};

}  // namespace postern::transports

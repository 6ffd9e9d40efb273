#pragma once
// A smarthost on loopback for the tests of lanes and connections: speaks as its ScriptedPeer says,
// remembers who came and what arrived. Lives on the test's io_context.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/stream.hpp"
#include "smtp_dialogue.hpp"

namespace postern::transports {

class ScriptedSmarthost {
 public:
  explicit ScriptedSmarthost(boost::asio::io_context& io)
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    boost::asio::co_spawn(io, accept(), boost::asio::detached);
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  ScriptedPeer peer;
  std::size_t closes_after = 0;                       // so many messages on a connection; 0: never
  std::string hangs_at;                               // no answer from this command on
  std::vector<std::vector<std::string>> connections;  // each one's commands
  std::vector<std::string> messages;                  // as they came over the wire, dots doubled
  std::size_t open_now = 0;                           // connections, until they say QUIT or end
  std::size_t most_open = 0;                          // of them at once

 private:
  boost::asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
      connections.emplace_back();
      auto served = serve(std::make_unique<net::Stream>(std::move(socket)), connections.size() - 1);
      boost::asio::co_spawn(acceptor_.get_executor(), std::move(served), boost::asio::detached);
    }
  }

  // One of the connections that are open now.
  class Guest {
   public:
    explicit Guest(ScriptedSmarthost& host) : host_(host) {
      host_.most_open = std::max(host_.most_open, ++host_.open_now);
    }
    ~Guest() { leave(); }
    void leave() {
      if (!std::exchange(has_left_, true)) --host_.open_now;
    }

   private:
    ScriptedSmarthost& host_;
    bool has_left_ = false;
  };

  boost::asio::awaitable<void> serve(std::unique_ptr<net::Stream> stream, std::size_t number) {
    Guest guest(*this);
    std::string input;
    std::string output = peer.reply_to("<connect>") + "\r\n";
    bool in_content = false;
    bool hangs = false;
    std::size_t served = 0;
    std::array<char, 65536> buffer;
    for (;;) {
      const auto error = co_await stream->write(boost::asio::buffer(output));
      if (error || output.starts_with("5") || output.starts_with("421")) co_return;
      output.clear();
      const auto moved = co_await stream->read_some(boost::asio::buffer(buffer));
      if (!moved) co_return;
      input.append(buffer.data(), *moved);
      for (;;) {
        const std::string_view mark = in_content ? "\r\n.\r\n" : "\r\n";
        const auto end = input.find(mark);
        if (end == std::string::npos) break;
        const std::string unit = input.substr(0, end);
        input.erase(0, end + mark.size());
        const std::string command = in_content ? "<end>" : unit;
        if (in_content) messages.push_back(unit + "\r\n");
        if (!in_content) connections[number].push_back(unit);
        if (command == "QUIT") guest.leave();
        hangs |= !hangs_at.empty() && istarts_with(command, hangs_at);
        if (hangs) continue;
        const std::string reply = peer.reply_to(command);
        in_content = reply.starts_with("354");
        if (reply.empty()) co_return;
        output += reply + "\r\n";
        served += command == "<end>" ? 1 : 0;
        if (closes_after != 0 && served == closes_after) {
          const auto ignored = co_await stream->write(boost::asio::buffer(output));
          (void)ignored;
          co_return;
        }
      }
    }
  }

  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace postern::transports

#pragma once
// The language of the SMTP client tests: a peer in memory that answers commands as it is told, and
// a conversation that moves the bytes. No sockets, no time.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "transports/rules.hpp"
#include "transports/smtp_client.hpp"

namespace postern::transports {

/// Commands are told apart by how they begin; "<connect>" is the greeting, "<end>" the end of data.
/// A reply of "" means that the connection is lost instead.
class ScriptedPeer {
 public:
  ScriptedPeer& offers(std::vector<std::string> keywords) {
    keywords_ = std::move(keywords);
    return *this;
  }
  ScriptedPeer& answers(std::string command, std::string reply) {
    replies_[std::move(command)].push_back(std::move(reply));
    return *this;
  }

  std::string reply_to(const std::string& line) {
    for (auto& [command, replies] : replies_) {
      if (!istarts_with(line, command)) continue;
      std::string reply = replies.front();
      if (replies.size() > 1) replies.pop_front();  // the last one stands for the rest
      return reply;
    }
    if (line == "<connect>") return "220 mx.example ESMTP";
    if (istarts_with(line, "EHLO")) return ehlo();
    if (line == "STARTTLS") return "220 2.0.0 go ahead";
    if (istarts_with(line, "AUTH LOGIN")) return "334 VXNlcm5hbWU6";
    if (istarts_with(line, "AUTH")) return "235 2.7.0 ok";
    if (line == "DATA") return "354 go ahead";
    if (line == "<end>") return "250 2.0.0 Ok: queued as 4WfZ2x1Jz";
    if (line == "QUIT") return "221 2.0.0 bye";
    return "250 2.0.0 Ok";
  }

 private:
  std::string ehlo() const {
    std::string reply = "250-mx.example\r\n";
    for (const std::string& keyword : keywords_) reply += "250-" + keyword + "\r\n";
    return reply + "250 ENHANCEDSTATUSCODES";
  }

  std::vector<std::string> keywords_{"PIPELINING", "SIZE 1000000", "8BITMIME"};
  std::map<std::string, std::deque<std::string>> replies_;
};

inline std::shared_ptr<Message> mail(std::vector<std::string> recipients) {
  auto message = std::make_shared<Message>();
  message->envelope.sender = "me@brand.example";
  message->envelope.recipients = std::move(recipients);
  message->size_bytes = 500;
  return message;
}

inline constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 8 / 5}};

class Conversation {
 public:
  explicit Conversation(ScriptedPeer peer, SmtpIdentity identity = plain())
      : client(std::move(identity), {smtp_rules()}, std::chrono::seconds(60)),
        peer_(std::move(peer)) {}

  static SmtpIdentity plain() {
    return {"relay.example", config::TransportTls::none, "", Secret()};
  }

  /// A message for all of its recipients; begun as soon as the client may.
  void send(std::shared_ptr<const Message> message) { waiting_.push_back(std::move(message)); }

  /// Until nothing is left to do; then QUIT if `quits`.
  void play(bool quits = false) {
    to_client_ = peer_.reply_to("<connect>") + "\r\n";
    if (to_client_ == "\r\n") return client.lost("connection closed", false);
    for (;;) {
      exchange();
      while (auto result = client.take_result()) results.push_back(std::move(*result));
      using Want = SmtpClient::Want;
      switch (client.want()) {
        case Want::close:
          return;
        case Want::start_tls:
          transcript.emplace_back("<tls>");
          to_client_.clear();
          client.tls_started();
          break;
        case Want::content:
          client.content_started();
          if (dies_in_content) return finish_lost(false);
          client.content_ended();
          from_client_ += "<end>\r\n";
          begin_next();
          break;
        case Want::work:
          if (!begin_next()) {
            if (!quits) return;
            client.quit();
          }
          break;
        case Want::input:
          if (is_peer_gone_ && to_client_.empty()) return finish_lost(true);
          if (to_client_.empty() && client.output().empty()) {
            ADD_FAILURE() << "both wait for the other";
            return;
          }
          break;
      }
    }
  }

  /// The reports of all messages in order; those of one recipient flattened.
  std::vector<Outcome> outcomes() const {
    std::vector<Outcome> all;
    for (const SmtpResult& result : results)
      all.insert(all.end(), result.report.begin(), result.report.end());
    return all;
  }

  SmtpClient client;
  std::vector<SmtpResult> results;
  std::vector<std::string> transcript;  // the client's lines
  std::vector<std::string> writes;      // what it sent at once
  bool dies_in_content = false;

 private:
  // Writes the client's output, lets the peer answer it line by line, hands the answers back.
  void exchange() {
    from_client_ += client.output();
    client.output_written();
    if (!from_client_.empty()) writes.push_back(from_client_);
    for (std::string_view rest = from_client_; !rest.empty() && !is_peer_gone_;) {
      const std::string line(rest.substr(0, rest.find("\r\n")));
      rest.remove_prefix(line.size() + 2);
      transcript.push_back(line);
      const std::string reply = peer_.reply_to(line == "." ? "<end>" : line);
      is_peer_gone_ = reply.empty();
      if (!is_peer_gone_) to_client_ += reply + "\r\n";
    }
    from_client_.clear();
    const std::string bytes = std::exchange(to_client_, {});
    if (!bytes.empty()) client.receive(bytes, kNow);
  }

  bool begin_next() {
    if (waiting_.empty() || !client.may_begin()) return false;
    auto message = waiting_.front();
    waiting_.pop_front();
    std::vector<std::uint32_t> all(message->envelope.recipients.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto report = client.begin({message, all, message->size_bytes, kNow});
    if (report) results.push_back({*report});
    return true;
  }

  void finish_lost(bool end_may_have_left) {
    client.lost("connection closed", end_may_have_left);
    while (auto result = client.take_result()) results.push_back(std::move(*result));
  }

  ScriptedPeer peer_;
  std::deque<std::shared_ptr<const Message>> waiting_;
  std::string from_client_;
  std::string to_client_;
  bool is_peer_gone_ = false;
};

}  // namespace postern::transports

#pragma once
// A dialogue with the session alone: no socket, no thread, no clock.
#include <string>
#include <utility>

#include "tests/dialogue/replay.hpp"
#include "tests/unit/smtpd/client.hpp"

namespace postern::smtpd::dialogue {

class SessionLine final : public Line {
 public:
  explicit SessionLine(const Case& each) {
    client_.peer = {kAddress, !each.has("untrusted")};
    client_.policy.hide = !each.has("trace");
    client_.policy.full = each.has("full");
    if (each.has("users")) client_.policy.users = users();
    if (each.has("storage-fault")) client_.put_fault = queue::StorageFault{false, "I/O error"};
    if (each.has("disk-full")) client_.put_fault = queue::StorageFault{true, "disk full"};
    SessionSettings& settings = client_.settings;
    settings.tls = each.tls();
    settings.auth = each.auth();
    settings.max_message_bytes = each.number("max-message", settings.max_message_bytes);
    settings.max_recipients =
        static_cast<std::uint32_t>(each.number("max-recipients", settings.max_recipients));
    if (each.start() != Start::connect) client_.greet();
  }

  void send(std::string_view bytes) override { client_.speak(bytes); }
  std::string hear(std::string_view) override { return std::exchange(client_.transcript, {}); }
  void encrypt() override {}
  bool is_closed() override { return client_.closed() && client_.transcript.empty(); }
  void hang_up() override { client_.session().disconnected(); }
  bool hears_marks() const override { return true; }

  std::vector<Transaction> queued() const {
    std::vector<Transaction> all;
    for (const Stored& stored : client_.stored)
      all.push_back(transaction_of(stored.message, stored.content()));
    return all;
  }

 private:
  Client client_;
};

}  // namespace postern::smtpd::dialogue

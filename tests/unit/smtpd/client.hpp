#pragma once
// A scripted client and a scripted queue around one Session: the loop of smtpd/connection without
// sockets. Tests speak(), the queue answers as told, and the transcript is what a wire would show.
#include <algorithm>
#include <bit>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.hpp"
#include "smtpd/policy.hpp"
#include "smtpd/session.hpp"

namespace postern::smtpd {

constexpr Time kNow{std::chrono::milliseconds{1795252387000}};  // 2026-11-21T09:13:07Z

constexpr const char* kCipher = "TLSv1.3 TLS_AES_256_GCM_SHA384";

// Only the committer makes receipts; a test stands in for it.
inline queue::Receipt receipt(MessageNo no) {
  return std::bit_cast<queue::Receipt>(no);
}

struct FakePolicy final : Policy {
  bool hide = false;
  bool hash = false;
  bool full = false;
  bool hide_origin(std::string_view) const override { return hide; }
  bool wants_body_hash(std::string_view) const override { return hash; }
  bool is_full(std::uint64_t) const override { return full; }

  std::vector<config::Credential> users;
  mutable AuthThrottle throttle;
  bool knows_users() const override { return !users.empty(); }
  SignIn sign_in(const std::string& user, const std::string& password, const Peer& peer,
                 Time now) const override {
    const auto verdict = throttle.ask(peer.address, peer.trusted, now);
    if (verdict.locked) return {nullptr, true, verdict.wait};
    const config::Credential* const found = Credentials(users).find(user, password);
    if (found == nullptr) throttle.failed(peer.address, now);
    return {found, false, verdict.wait};
  }
};

/// What the queue took.
struct Stored {
  Message message;
  std::vector<std::string> chunks;
  std::string content() const {
    std::string all;
    for (const std::string& chunk : chunks) all += chunk;
    return all;
  }
};

class Client {
 public:
  SessionSettings settings{.hostname = "relay.example.com"};
  FakePolicy policy;
  Peer peer{"192.0.2.7", true};
  std::optional<queue::StorageFault> put_fault;
  std::optional<queue::StorageFault> chunk_fault;

  std::string transcript;  // everything the server said; ids of stored messages read ID
  std::vector<Stored> stored;
  std::vector<MessageNo> abandoned;
  std::vector<std::string> pending_chunks;

  Session& session() {
    if (!session_) session_.emplace(settings, peer, policy, numbers_);
    return *session_;
  }

  void greet() {
    if (settings.tls == config::ListenerTls::implicit) session().encrypted(kCipher);
    session().greet(kNow);
    settle();
  }

  /// Sends bytes in one piece; returns how many were taken before the end of the dialogue.
  std::size_t speak(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && session().want() == Want::input) {
      taken += session().receive(bytes.substr(taken), kNow);
      settle();
    }
    return taken;
  }

  bool closed() { return session().want() == Want::close; }

  /// speak(), and what the server said to it.
  std::string ask(std::string_view bytes) {
    const std::size_t before = transcript.size();
    speak(bytes);
    return transcript.substr(before);
  }

 private:
  void settle() {
    for (;;) {
      take_output();
      if (session().want() == Want::chunk) {
        const Chunk chunk = session().take_chunk();
        if (!chunk_fault) pending_chunks.push_back(*chunk.bytes);
        session().chunk_stored(chunk_fault);
      } else if (session().want() == Want::tls) {
        transcript += "-- tls\n";
        session().encrypted(kCipher);
      } else if (session().want() == Want::pause) {
        transcript += "-- pause " + std::to_string(session().pause().count()) + " ms\n";
        session().resume();
      } else if (session().want() == Want::commit) {
        put(session().take_message());
      } else {
        break;
      }
    }
    take_output();
    if (const auto no = session().take_abandoned()) {
      abandoned.push_back(*no);
      pending_chunks.clear();
    }
  }

  void put(const Received& received) {
    if (put_fault) return session().committed(*put_fault);
    Stored message{*received.message, std::exchange(pending_chunks, {})};
    message.chunks.push_back(*received.last_chunk);
    stored.push_back(std::move(message));
    session().committed(receipt(received.message->no));
  }

  void take_output() {
    std::string output = session().take_output();
    for (const Stored& message : stored) {
      const auto at = output.find(message.message.id());
      if (at != std::string::npos) output.replace(at, message.message.id().size(), "ID");
    }
    transcript += output;
  }

  NumberSource numbers_;
  std::optional<Session> session_;
};

}  // namespace postern::smtpd

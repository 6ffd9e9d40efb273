#pragma once
// A client's end of a TCP connection, plain or TLS: blocking, and never for longer than a server
// that works can need.
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/dialogue/replay.hpp"

namespace postern::smtpd::dialogue {

class SocketLine final : public Line {
 public:
  /// Connects to kAddress. Throws std::runtime_error when it cannot.
  explicit SocketLine(std::uint16_t port, const char* from = kAddress);
  ~SocketLine() override;
  SocketLine(const SocketLine&) = delete;
  SocketLine& operator=(const SocketLine&) = delete;

  void send(std::string_view bytes) override;
  std::string hear(std::string_view expected) override;
  void encrypt() override;
  bool is_closed() override;
  void hang_up() override;
  bool hears_marks() const override { return false; }

  /// One line, or "" when the connection has ended.
  std::string line();
  /// send(), and the last line of the reply.
  std::string say(const std::string& bytes);
  /// Past the encryption, straight to the socket.
  void send_raw(std::string_view bytes);
  /// Before encrypt(): the newest version of TLS that this client knows.
  void allow_at_most(int version) { newest_ = version; }
  /// close_notify, and nothing more.
  void notify_close();
  SSL* tls() { return tls_.get(); }
  int descriptor() const { return socket_; }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  bool receive(bool wait);
  void hide_ids(std::string& text) const;

  int socket_ = -1;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> tls_;
  int newest_ = TLS1_3_VERSION;
  std::string received_;
  bool ended_ = false;
  bool broken_ = false;  // reset, or cut off inside TLS: not an orderly end
};

}  // namespace postern::smtpd::dialogue

#pragma once
// The SMTP dialogue of one client (RFC 5321), without sockets: bytes and a time go in; replies,
// content and a wish (Want) come out. smtpd/connection moves the bytes and asks the queue.
//
// Used by one thread at a time. Never throws on input: whatever a client sends has an answer.
//
//   session.greet(now);
//   loop: write take_output(); act on want(); while want() is input: receive(bytes, now)
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "core/id.hpp"
#include "core/message.hpp"
#include "queue/store.hpp"

namespace postern::smtpd {

class Policy;

/// What the session waits for.
enum class Want {
  input,   // more bytes from the client
  chunk,   // content piled up: store take_chunk(), then chunk_stored()
  commit,  // a whole message: put take_message(), then committed()
  tls,     // write the output, shake hands; then encrypted()
  pause,   // write the output, let pause() pass; then resume()
  close,   // write the output, then close
};

/// A piece of content that goes to the queue before the message is whole.
struct Chunk {
  MessageNo no{};
  std::uint32_t index = 0;
  std::shared_ptr<const std::string> bytes;
};

/// A whole message; `last_chunk` is the piece not given out by take_chunk().
struct Received {
  std::shared_ptr<const Message> message;
  std::shared_ptr<const std::string> last_chunk;
};

struct SessionSettings {
  std::string hostname;  // greeting, EHLO reply, Received
  std::uint64_t max_message_bytes = 36 * config::kMiB;
  std::uint32_t max_recipients = 1000;
  config::ListenerTls tls = config::ListenerTls::none;
  config::Auth auth = config::Auth::optional;
  Duration max_hold = std::chrono::hours(168);  // RFC 4865; zero: not offered
  std::uint32_t max_command_bytes = 512;
  std::uint32_t max_errors = 20;
  std::uint32_t max_idle_commands = 100;  // NOOP, RSET, VRFY, HELP without a message
};

/// Who is connected.
struct Peer {
  std::string address;  // textual, for Received and logs
  bool trusted = false;
};

/// A client's try to sign in, for the log.
struct SignInReport {
  std::string user;
  bool accepted = false;
};

class Session {
 public:
  /// All references outlive the session.
  Session(const SessionSettings& settings, Peer peer, const Policy& policy, NumberSource& numbers);
  ~Session();

  void greet(Time now);
  /// The handshake is done; `how` is net::Stream's description. What was said before counts no
  /// more (RFC 3207 section 4.2). With implicit TLS it comes before greet().
  void encrypted(std::string how);
  /// How long the client is kept waiting; shorter only when the server goes down.
  Duration pause() const;
  void resume();
  /// Takes what it can and returns how many bytes that was: fewer than given only when want() has
  /// turned from input to something else. The caller keeps the rest and gives it again.
  std::size_t receive(std::string_view bytes, Time now);
  Want want() const;
  /// Replies to be written; empty when there is none.
  std::string take_output();

  Chunk take_chunk();
  void chunk_stored(const std::optional<queue::StorageFault>& fault);
  Received take_message();
  void committed(const std::variant<queue::Receipt, queue::StorageFault>& result);

  /// Between 354 and the end of the message.
  bool in_content() const;
  /// The client was silent or slow for too long: 421 and close.
  void timed_out();
  /// The server is going down: 421 at the next command boundary; a message under way may finish. A
  /// client that has just got its 250 is waited for: its QUIT must be answered.
  void shut_down();
  /// The connection is gone: nothing more is wanted, an unfinished message is abandoned.
  void disconnected();
  /// A message number whose chunks are (partly) stored and will not be committed, because the
  /// message was refused or the connection ended; given out once. Ask whenever want() is not chunk
  /// or commit, and after disconnected().
  std::optional<MessageNo> take_abandoned();
  /// The reply that refused a sender, a recipient or a message, for the log; the first one since
  /// last asked, for the others follow from it.
  std::optional<std::string> take_refusal();
  /// Since last asked.
  std::vector<SignInReport> take_sign_ins();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::smtpd

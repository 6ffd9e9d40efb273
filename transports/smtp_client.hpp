#pragma once
// The SMTP client dialogue of one connection (RFC 5321), without sockets: bytes and a time go in;
// commands, results and a wish (Want) come out. transports/smtp_connection moves the bytes.
//
// With PIPELINING (RFC 2920) a transaction's MAIL, RCPT and DATA go out together, and the next
// transaction's follow the final dot of this one: on a busy connection a message costs one write
// and one read. Results come in the order the transactions began.
//
//   loop: write output(), output_written(); act on want(); on input: receive(bytes, now)
//
// Whether a message was taken: before its end of data began to leave, definitely not; after the
// peer's final reply, as that says; in between it is uncertain (RFC 1047).
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "mail/smtp_reply.hpp"
#include "transports/smtp_handshake.hpp"
#include "transports/transport.hpp"

namespace postern::transports {

/// One message for some of its recipients.
struct SmtpTransaction {
  std::shared_ptr<const Message> message;
  std::vector<std::uint32_t> recipients;  // into message->envelope.recipients
  std::uint64_t size_bytes = 0;           // as sent, before dot-stuffing
  Time at{};                              // now
};

/// How a transaction ended. `unsent`: this connection could not even begin it, through no fault of
/// the message; it may be tried on another at once, and `report` is what to say if it is not.
struct SmtpResult {
  Report report;
  bool unsent = false;
  bool was_behind = false;  // it waited behind another one's content
};

class SmtpClient {
 public:
  enum class Want {
    input,      // the peer's reply, for at most patience()
    start_tls,  // a TLS handshake, then tls_started()
    content,    // the front transaction's content: content_started(), content_ended()
    work,       // nothing to do: begin() or quit()
    close,      // the connection is of no more use
  };

  /// `timeout` bounds every wait but the one for the final reply.
  SmtpClient(SmtpIdentity identity, ReplyRules rules, Duration timeout);

  Want want() const;
  /// Commands to be written, then output_written().
  const std::string& output() const { return output_; }
  void output_written() { output_.clear(); }
  /// True when at least one whole reply was among the bytes.
  bool receive(std::string_view bytes, Time now);
  void tls_started();
  /// `untrusted`: the peer's certificate is the reason.
  void tls_failed(std::string why, bool untrusted);
  /// How long to wait for the next whole reply (RFC 5321 section 4.5.3.2).
  Duration patience() const;

  /// A transaction may begin: nothing is under way, or the one under way has sent its content and
  /// the peer lets commands follow.
  bool may_begin() const;
  /// Begins one, or answers at once that this peer cannot take it.
  std::optional<Report> begin(SmtpTransaction transaction);
  /// The content is going to be written; then: its end of data is going to be written, together
  /// with whatever is in output() by then.
  void content_started();
  void content_ended();
  /// The oldest result not yet taken.
  std::optional<SmtpResult> take_result();

  /// The connection is gone, or its driver has given it up. `end_may_have_left`: some byte of the
  /// front transaction's end of data may have reached the peer.
  void lost(const std::string& why, bool end_may_have_left);
  /// The front transaction's content cannot be had: so says the outcome. The connection is done.
  void give_up_content(const Outcome& outcome);
  /// QUIT, when nothing is under way.
  void quit();

  bool is_ready() const { return handshake_.step() == SmtpHandshake::Step::ready; }
  /// Why it never became ready.
  const Outcome& failure() const { return handshake_.failure(); }
  /// Transactions begun and not ended.
  std::size_t under_way() const { return open_.size(); }
  /// Transactions whose sender the peer has accepted.
  std::uint32_t served() const { return served_; }

 private:
  enum class Body { none, wanted, flowing, ended, lone_dot };
  struct Open {
    SmtpTransaction what;
    std::vector<std::optional<Outcome>> outcomes;  // one per recipient; empty: undecided
    std::uint32_t sent = 0;                        // commands: MAIL, RCPT..., DATA
    std::uint32_t answered = 0;                    // of them
    std::uint32_t accepted = 0;                    // recipients
    bool mail_accepted = false;
    Body body = Body::none;
    std::uint32_t commands() const { return static_cast<std::uint32_t>(outcomes.size()) + 2; }
    void decide_rest(const Outcome& outcome);
  };

  std::optional<Outcome> obstacle(const SmtpTransaction& transaction) const;
  void pump();
  bool may_send_next(const Open& open) const;
  void write_command(const Open& open, std::uint32_t index);
  void handle(const mail::SmtpReply& reply, Time now);
  void mail_answered(Open& open, const mail::SmtpReply& reply, Time now);
  void recipient_answered(Open& open, std::uint32_t index, const mail::SmtpReply& reply, Time now);
  void data_answered(Open& open, const mail::SmtpReply& reply, Time now);
  void end_answered(Open& open, const mail::SmtpReply& reply, Time now);
  void end_if_hopeless();
  void shutting_down(const mail::SmtpReply& reply, Time now);
  void finish_front();
  void abandon(const Outcome& front, bool front_unsent);
  void protocol_error(const std::string& why);

  ReplyRules rules_;
  Duration timeout_;
  SmtpHandshake handshake_;
  mail::SmtpReplyReader reader_;
  std::string output_;
  std::deque<Open> open_;
  std::deque<SmtpResult> results_;
  std::uint32_t served_ = 0;
  bool needs_reset_ = false;   // the peer still holds an envelope of ours
  bool awaits_reset_ = false;  // RSET was sent
  bool is_quitting_ = false;
  bool is_closing_ = false;
};

}  // namespace postern::transports

#pragma once
// One message's content on its way in: framing, header edits, chunks, size, body hash. Used by
// smtpd/session between 354 and the reply to the final dot. Memory is bounded by two chunks,
// whatever the client sends. Never throws on input: what is wrong with a message is its Flaw.
//
// Our edits, all of them: Received on top (RFC 5321 section 4.4) unless the sender's domain hides
// its origin; Message-ID and Date where missing (RFC 6409 section 8); Bcc, Return-Path and
// X-Mailgun-* go. Every other byte stays.
#include <optional>
#include <string>
#include <string_view>

#include "mail/data.hpp"
#include "mail/headers.hpp"
#include "mail/relaxed_body.hpp"
#include "smtpd/session.hpp"

namespace postern::smtpd {

/// Why a message is refused; in rising order of precedence.
enum class Flaw {
  none,
  storage,  // a fault while storing a chunk
  storage_full,
  too_large,
  header_name,  // mail::HeaderFault, one by one
  header_fold,
  header_count,
  header_size,
  no_from,
  several_from,
  author,  // whom the user may not send as
  loop,
  came_back,
  framing,  // nobody can say where it ends: the connection is over, too
};

/// What the trace header says of the client.
struct Origin {
  std::string client_name;  // of EHLO or HELO
  std::string address;
  std::string protocol;                      // ESMTP and its like
  std::string tls;                           // version and cipher; empty: not encrypted
  const config::Credential* user = nullptr;  // who signed in
};

class Reception {
 public:
  /// All references outlive it.
  Reception(const SessionSettings& settings, const Policy& policy)
      : settings_(settings), policy_(policy) {}

  /// `priority`: MT-PRIORITY; without it the header field of that name counts.
  void begin(MessageNo no, Envelope envelope, Origin origin, std::optional<int> priority, Time now);
  /// Takes content up to the end of the message and returns how many bytes: fewer than given only
  /// when done() or chunk_waiting().
  std::size_t take(std::string_view bytes);

  bool chunk_waiting() const { return chunk_waiting_; }
  Chunk take_chunk();
  void chunk_stored(const std::optional<queue::StorageFault>& fault);

  bool done() const { return framing_.done(); }
  Flaw flaw() const { return flaw_; }
  /// With Flaw::author: the domain, or "" where there is none.
  const std::string& refused_author() const { return refused_author_; }
  /// When done() without a flaw.
  Received take_message(Time now);
  /// It will not be committed.
  void abandon();
  std::optional<MessageNo> take_abandoned() { return std::exchange(abandoned_, std::nullopt); }

 private:
  void take_header(std::string_view bytes, std::size_t& taken);
  void take_body(std::string_view bytes, std::size_t& taken);
  void open_body(std::size_t header_bytes);
  void append_trace(const mail::HeaderFacts& facts, std::string_view header);
  std::string make_message_id(const mail::HeaderFacts& facts, std::string_view header) const;
  void count(std::size_t bytes);
  void refuse(Flaw flaw);

  const SessionSettings& settings_;
  const Policy& policy_;
  mail::DataFraming framing_;
  std::optional<mail::RelaxedBodyHash> body_hash_;
  Message message_;
  Origin origin_;
  std::optional<int> priority_;
  std::string idempotency_key_;
  bool has_own_id_ = false;  // the Message-ID came with it
  Time began_at_{};
  std::string header_;  // as received, until its end is seen
  bool in_header_ = true;
  std::string chunk_;  // being filled
  std::string full_;   // the chunk before; stored once another byte follows it
  bool chunk_waiting_ = false;
  std::uint32_t chunks_given_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;  // in chunks given out
  Flaw flaw_ = Flaw::none;
  std::string refused_author_;
  std::optional<MessageNo> abandoned_;
};

}  // namespace postern::smtpd

#pragma once
// The vocabulary of what is queued: a Message (body once) and its Deliveries (one per recipient).
// Values; everybody above floor 0 speaks in them.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/id.hpp"
#include "core/options.hpp"
#include "core/result.hpp"

namespace postern {

enum class Channel { mail, webhook };

enum class DeliveryState {
  queued,     // ready as soon as a way out is open
  active,     // an attempt is under way
  deferred,   // failed for now; waits for next_attempt_at
  uncertain,  // an attempt began and its end is unknown
  held,       // waits for the operator; reason says why
  sent,       // the provider took it
  delivered,  // the provider confirmed it
  failed,     // given up: refused
  expired,    // given up: too old
  cancelled,  // deleted by the operator
};

std::string_view to_string(Channel channel);
std::string_view to_string(DeliveryState state);
Result<DeliveryState> parse_delivery_state(std::string_view word);
Result<Channel> parse_channel(std::string_view word);
/// sent, delivered, failed, expired, cancelled: nothing more will be done.
bool is_final(DeliveryState state);

/// Who is mailed. Addresses as given at RCPT, source route stripped, without angle brackets.
struct Envelope {
  std::string sender;  // empty: the null sender <>
  std::vector<std::string> recipients;
  bool smtputf8 = false;                     // RFC 6531: needs a next hop that has it
  bool eight_bit_mime = false;               // RFC 6152: BODY=8BITMIME was declared
  std::shared_ptr<const Options> options{};  // null: nothing more was asked for

  /// What was asked for recipient number `index`.
  const RecipientOptions& options_of(std::uint32_t index) const;
};

/// What is known of a message besides its bytes. Immutable once stored; shared between threads.
struct Message {
  MessageNo no{};
  Channel channel = Channel::mail;
  Envelope envelope;
  std::string sender_domain;  // lower case, for route, key and breaker: of the envelope sender, for
                              // <> of the From header; or what the identity is bound to
  std::string message_id;     // with angle brackets, as in the header
  std::string identity;       // AUTH user name; empty: none
  std::uint64_t size_bytes = 0;    // of the stored content, header included
  std::uint32_t chunks = 0;        // how many pieces the content is stored in
  std::uint32_t header_bytes = 0;  // content up to and including the empty line
  std::string body_hash;   // SHA-256 (32 raw bytes) of the relaxed body, RFC 6376; empty: unknown
  std::string submission;  // 16 bytes: a second one with the same is the same; empty: none is
  Time accepted_at{};
  int priority = 0;

  std::string id() const { return to_id(no); }
};

/// One recipient's (or webhook target's) way of a message.
struct Delivery {
  std::uint32_t index = 0;  // into envelope.recipients
  DeliveryState state = DeliveryState::queued;
  std::int64_t token = 0;  // fencing: rises with each change of hands; a stale holder is refused
  std::string transport;   // of the last attempt
  std::uint32_t attempts = 0;
  Time next_attempt_at{};
  Time expires_at{};
  std::optional<Time> first_failed_at;  // temporary failures since
  std::string reason;                   // last reply or why it is held
  std::string provider_id;              // provider's own id of the message
  std::uint32_t possible_duplicates = 0;
  std::optional<Time> notice_at{};  // when the sender is to hear that it is late
};

/// The bytes of a stored message, in chunks of at most kChunkBytes; the header is in the first.
/// Reading is synchronous and thread-safe; throws when the store is broken.
class Content {
 public:
  static constexpr std::size_t kChunkBytes = 256 * 1024;
  virtual ~Content() = default;
  virtual std::uint32_t chunks() const = 0;
  virtual std::uint64_t size_bytes() const = 0;
  virtual std::shared_ptr<const std::string> chunk(std::uint32_t index) const = 0;
};

/// Content that is in memory as a whole.
class MemoryContent final : public Content {
 public:
  explicit MemoryContent(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  explicit MemoryContent(std::string bytes)
      : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}
  std::uint32_t chunks() const override { return 1; }
  std::uint64_t size_bytes() const override { return bytes_->size(); }
  std::shared_ptr<const std::string> chunk(std::uint32_t) const override { return bytes_; }

 private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace postern

#pragma once
// How rows and values correspond; shared by the store (writing) and the reader.
#include <string>

#include "core/message.hpp"
#include "core/suppression.hpp"
#include "queue/sqlite_db.hpp"

namespace postern::queue {

/// The predicate of index delivery_open; SQLite uses the index only for this very text.
inline constexpr char kOpen[] =
    "state <> 'sent' AND state <> 'delivered' AND state <> 'failed' AND state <> 'expired' "
    "AND state <> 'cancelled'";

/// The predicate of index delivery_waiting; likewise.
inline constexpr char kWaiting[] =
    "(state = 'queued' OR state = 'deferred' OR state = 'uncertain')";

/// When held deliveries are "due": never, so that they lie at the end of delivery_open.
inline constexpr Time kNever{Duration{std::int64_t{1} << 52}};

inline Time to_time(std::int64_t milliseconds) {
  return Time{Duration{milliseconds}};
}

inline constexpr char kMessageColumns[] =
    "no, channel, sender, sender_domain, message_id, identity, size_bytes, chunks, header_bytes, "
    "body_hash, smtputf8, eight_bit_mime, priority, accepted_at, options, submission";
/// Without recipients: those are in the deliveries.
Message read_message(const Statement& row);

inline constexpr char kDeliveryColumns[] =
    "message, recipient_index, recipient, state, token, transport, attempts, next_attempt_at, "
    "expires_at, first_failed_at, reason, provider_id, possible_duplicates, notice_at, "
    "sender_domain, priority";
struct DeliveryRow {
  MessageNo message{};
  std::string recipient;
  Delivery delivery;
};
DeliveryRow read_delivery(const Statement& row);

inline constexpr char kSuppressionColumns[] =
    "address, sender_domain, reason, source, added_at, expires_at, detail";
/// With the time as its parameter.
inline constexpr char kSuppressionCounts[] = "(expires_at IS NULL OR expires_at > ?)";
Suppression read_suppression(const Statement& row);

/// WHERE terms over delivery (d.) for a filter, each beginning with " AND ", and their values.
class FilterTerms {
 public:
  explicit FilterTerms(const Filter& filter);
  const std::string& sql() const { return sql_; }
  /// Binds the values from parameter `first` on.
  void bind(Statement& statement, int first) const;

 private:
  void add(const std::string& term, std::string value);
  std::string sql_;
  std::vector<std::string> values_;
};

}  // namespace postern::queue

#pragma once
// The waist: what may be done to the queue, as values (Change), and the store that applies them.
//
// A Store is used by one thread, the committer's: begin, apply..., commit. Reading is another
// interface (Reader), safe from any thread. Leases are fencing tokens: a start or a record that
// names a stale token changes nothing (Applied::changed is 0).
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "core/message.hpp"
#include "core/outcome.hpp"
#include "core/suppression.hpp"

namespace postern::queue {

/// A storage fault. `full`: no room (disk or max_size): SMTP answers 452 4.3.1, else 451 4.3.0.
struct StorageFault {
  bool full = false;
  std::string what;
};

class Committer;

/// Proof that a message is on disk. Only the committer makes one, after its commit; the 250 needs
/// it.
class Receipt {
 public:
  MessageNo no() const { return no_; }
  std::string id() const { return to_id(no_); }

 private:
  friend class Committer;
  explicit Receipt(MessageNo no) : no_(no) {}
  MessageNo no_;
};

/// How a delivery starts its life; decided by delivery/ when the message is committed.
struct Start {
  DeliveryState state = DeliveryState::queued;  // queued, active, held; deferred: by wish
  std::string transport;                        // for active: the attempt that begins
  std::string reason;
  Time next_attempt_at{};
  Time expires_at{};
  std::optional<Time> notice_at{};  // when the sender is to hear that it is late
};

// ---- Changes ------------------------------------------------------------------------------------

/// One piece of a body of several; all but the last have Content::kChunkBytes.
struct PutChunk {
  MessageNo no{};
  std::uint32_t index = 0;
  std::shared_ptr<const std::string> bytes;
};

/// A whole message. `content` is its body when that has one piece; else the body was sealed.
struct Put {
  std::shared_ptr<const Message> message;
  std::shared_ptr<const std::string> content;
  std::vector<Start> starts;  // one per recipient
  /// Not stored when one with the same Message::submission was accepted since, and is alive (see
  /// Applied::duplicate_of); empty: it is stored in any case.
  std::optional<Time> duplicates_since{};
};

/// "Attempt N through T begins", for one delivery. Refused (changed == 0) unless the token is
/// current and the state is queued, deferred or uncertain. Raises token and attempts by one.
struct StartAttempt {
  MessageNo no{};
  std::uint32_t index = 0;
  std::int64_t token = 0;
  std::string transport;
  Time at{};
  bool possible_duplicate = false;  // an earlier attempt may have arrived: count it
};

/// What became of an attempt (outcome set), or of a wait (outcome empty): the delivery's new state.
/// Refused (changed == 0) when the token is not current. Raises the token by one.
struct Record {
  MessageNo no{};
  std::uint32_t index = 0;
  std::int64_t token = 0;
  DeliveryState state = DeliveryState::deferred;
  std::string reason;
  std::string provider_id;
  Time next_attempt_at{};
  std::optional<Time> first_failed_at;
  bool notice_given = false;       // the sender has been told that it is late
  std::optional<Outcome> outcome;  // ends the attempt row, when there is one
  Duration duration{};
  Time at{};
};

/// A breaker as it is to be after a restart.
struct BreakerRow {
  std::string transport;
  std::string domain;  // empty: the whole transport
  std::string state;   // closed, open, suspended
  std::string reason;
  Time until{};
  Duration open_for{};  // the last back-off, doubled when it opens again
  unsigned failures = 0;
};
struct SaveBreaker {
  BreakerRow row;
};

/// An entry of a message's timeline that is not an attempt.
struct AddEvent {
  MessageNo no{};
  Time at{};
  std::string source;  // "operator", "scheduler", later a provider's name
  std::string type;    // held, released, retried, cancelled, failover, report, ...
  std::string recipient;
  std::string detail;
};

/// Which deliveries an operator means. Empty fields match everything; `messages` narrows to ids.
struct Filter {
  std::vector<MessageNo> messages;
  std::string sender_domain;
  std::string recipient;
  std::string recipient_domain;
  std::string transport;
  std::optional<DeliveryState> state;
  std::optional<Channel> channel;
  std::optional<Time> older_than;  // accepted before
};

/// An operator's verb on all that matches and whose state fits. Done in steps of `limit` rows, each
/// its own transaction, so that new mail never waits behind 100,000 rows.
struct Steer {
  enum class Verb {
    retry,    // queued, deferred, uncertain -> queued, due now (uncertain: counts a possible
              // duplicate)
    hold,     // queued, deferred, uncertain -> held
    release,  // held -> queued, due now
    cancel,   // queued, deferred, uncertain, held -> cancelled
    wake,     // queued and not yet due -> due now (a breaker closed); no event, no token change
  };
  Verb verb{};
  Filter filter;
  Time at{};
  std::string reason;          // for hold
  std::uint32_t limit = 2000;  // rows a step
};

/// Puts an address on the suppression list: mail that begins its attempt after the commit is not
/// sent there. `entry.address` in any case of letters. There is one entry an address and sender's
/// domain: of two the one that lasts longer stays (changed == 0: the old one), unless `replace`.
struct Suppress {
  Suppression entry;
  bool replace = false;  // an operator's word: the new one stays
};

/// Takes an address off the list; `changed` says how many entries that were.
struct Unsuppress {
  std::string address;                       // in any case of letters
  std::optional<std::string> sender_domain;  // empty: the entries of all domains, and for all
};

/// Makes the ids of the next run of messages quick to find, once there is a whole run accepted
/// before that time; `more`: there is another one. Ids are found before that, too, only slower.
struct IndexIds {
  Time before{};
};

/// Removes what is past its keeping, at most `limit` messages a call.
struct Prune {
  Time bodies_before{};   // finished messages accepted before: body goes
  Time history_before{};  // finished messages accepted before: everything goes
  std::uint32_t limit = 200;
  Time suppressions_before{};  // those that expired before go
};

using Change = std::variant<Put, StartAttempt, Record, SaveBreaker, AddEvent, Steer, Prune,
                            Suppress, Unsuppress, IndexIds>;

/// What a Change did. `changed`: rows touched; 0 for a refused StartAttempt or Record. `more`: a
/// Steer or Prune has rows left. `token`: the delivery's token afterwards (StartAttempt, Record).
struct Applied {
  std::uint64_t changed = 0;
  bool more = false;
  std::int64_t token = 0;
  std::uint64_t resent_uncertain = 0;  // Steer retry, release: possible duplicates it caused
  /// Steer retry, release, cancel: how many it found uncertain, by the transport of their attempt.
  std::map<std::string, std::uint64_t> uncertain{};
  /// Put: nothing was stored, for this message is the same and none of its deliveries has failed,
  /// expired or been cancelled. Its timeline says so.
  std::optional<MessageNo> duplicate_of{};
};

// ---- Reading ------------------------------------------------------------------------------------

struct AttemptRow {
  std::uint32_t index = 0;  // the recipient's
  std::uint32_t number = 0;
  std::string transport;
  Time started_at{};
  std::optional<Duration> duration;  // empty: under way or its end unknown
  std::string outcome;               // Outcome::Kind as a word; empty as above
  std::string blame;
  std::string reply;
};

struct EventRow {
  Time at{};
  std::string source, type, recipient, detail;
};

/// A message with deliveries as they are in the store.
struct Stored {
  std::shared_ptr<const Message> message;
  std::vector<Delivery> deliveries;
  std::vector<AttemptRow> attempts;  // filled by find() only
  std::vector<EventRow> events;      // filled by find() only
};

/// What a reader of due work wants: a little of every sender domain rather than much of one.
struct DueQuery {
  /// How many more messages of that sender domain are wanted; 0: it is passed over.
  using Room = std::function<std::uint32_t(const std::string& sender_domain)>;
  /// Deliveries for which it says so are passed over: the caller has them in memory.
  using Skip = std::function<bool(MessageNo, std::uint32_t index)>;

  Time now{};
  std::uint32_t limit = 0;  // messages in all
  /// Begins with the sender domain that follows, and goes round; empty: with the first.
  std::optional<std::string> after_domain{};
  Room room{};  // empty: as many as there are
  Skip skip{};
};

struct Due {
  std::vector<Stored> messages;
  std::optional<std::string> last_domain;  // the next query goes on after it
  bool is_complete = true;                 // every sender domain was looked at
  std::vector<std::string> has_more;       // sender domains with more than there was room for
};

struct Count {
  Channel channel{};
  DeliveryState state{};
  std::uint64_t deliveries = 0;
  Time oldest{};  // accepted_at of the oldest message
};

/// Which entries of the suppression list; what is empty matches all.
struct SuppressionFilter {
  std::string address;  // in any case of letters
  std::optional<std::string> sender_domain;
  std::optional<SuppressionReason> reason;
  std::string source;
};

/// Read-only access; every call is one short transaction. Thread-safe. Throws on a broken store.
class Reader {
 public:
  virtual ~Reader() = default;
  /// Deliveries in state queued, deferred or uncertain that are due, grouped by message: sender
  /// domain by sender domain, within one the more urgent first, then the oldest due.
  virtual Due due(const DueQuery& query) = 0;
  /// When the next one becomes due after `now`; nullopt: nothing waits.
  virtual std::optional<Time> next_due(Time now) = 0;
  virtual std::optional<Stored> find(MessageNo no) = 0;
  /// Messages in arrival order after `after`, with at least one delivery that matches (all their
  /// deliveries are given). Without a state in the filter: only those with unfinished deliveries.
  virtual std::vector<Stored> list(const Filter& filter, MessageNo after, std::uint32_t limit) = 0;
  /// nullptr: no body is kept.
  virtual std::shared_ptr<const Content> content(const Message& message) = 0;
  virtual std::vector<Count> counts() = 0;  // unfinished deliveries
  virtual std::vector<BreakerRow> breakers() = 0;
  virtual std::uint64_t used_bytes() = 0;
  /// Messages that go by this id, the newest first: our own id, a Message-ID with or without angle
  /// brackets, a provider's id for it, or the Message-ID that Amazon SES made of its id.
  virtual std::vector<MessageNo> trace(std::string_view id, std::uint32_t limit) = 0;
  /// False: no entry concerns this address, in any case of letters. From memory, at once, without a
  /// lock; what is true may be out of date, suppression() knows.
  virtual bool may_be_suppressed(std::string_view address) const = 0;
  /// The entry that keeps mail of this domain from this address at `now`.
  virtual std::optional<Suppression> suppression(std::string_view address,
                                                 std::string_view sender_domain, Time now) = 0;
  /// Entries that count at `now`, by address and domain, after those of `after` (only its address
  /// and sender_domain matter; empty: from the first).
  virtual std::vector<Suppression> suppressions(const SuppressionFilter& filter,
                                                const Suppression& after, Time now,
                                                std::uint32_t limit) = 0;
};

/// The write side. One thread. Throws StorageError; after one the transaction is rolled back and
/// the store is reopened by the next begin().
class Store {
 public:
  virtual ~Store() = default;
  virtual void begin() = 0;
  virtual Applied apply(const Change& change) = 0;
  virtual void commit() = 0;  // durable when it returns
  virtual void rollback() noexcept = 0;
  /// Room for so many more bytes of bodies (max_size and the disk's reserve). Thread-safe.
  virtual bool has_room(std::uint64_t more_bytes) = 0;
  // Bodies of several pieces are written ahead of their Put and outside of transactions. These
  // three are called from any thread, for one body one after the other.
  virtual void put_chunk(const PutChunk& chunk) = 0;
  /// The last piece; the bytes are on disk when it returns. The Put may follow.
  virtual void seal_body(const PutChunk& last) = 0;
  /// The Put will not come.
  virtual void drop_body(MessageNo no) noexcept = 0;
  virtual Reader& reader() = 0;
  /// Highest message number in the store, MessageNo{0} when empty.
  virtual MessageNo last_number() = 0;
  /// At start: half-received bodies go; attempts without an end become `uncertain`, due at
  /// `first_ask`, or `held` after three such ends in a row (the message may be what brings the
  /// relay down). Returns how many deliveries that were.
  virtual std::uint64_t recover(Time now, Time first_ask) = 0;
};

class StorageError : public std::runtime_error {
 public:
  explicit StorageError(const StorageFault& fault)
      : std::runtime_error(fault.what), fault_(fault) {}
  const StorageFault& fault() const { return fault_; }

 private:
  StorageFault fault_;
};

}  // namespace postern::queue

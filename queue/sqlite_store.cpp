#include "queue/sqlite_store.hpp"

#include <utility>

#include "queue/message_ids.hpp"
#include "queue/options_column.hpp"
#include "queue/sqlite_statements.hpp"
#include "queue/sqlite_trace.hpp"

namespace postern::queue {
namespace {

// The log is moved into the database when it has this many pages (of 8 KiB).
constexpr int kLogPages = 4096;
// The same while the disk is short: the log's file is to be used again rather than to grow.
constexpr int kLogPagesWhenShort = 256;
constexpr std::uint64_t kPageBytes = 8192;

}  // namespace

SqliteStore::Statements::Statements(Database& db)
    : begin(db, "BEGIN IMMEDIATE"),
      commit(db, "COMMIT"),
      page_count(db, "PRAGMA page_count"),
      freelist_count(db, "PRAGMA freelist_count"),
      insert_message(db, std::string("INSERT INTO message (") + kMessageColumns +
                             ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      insert_body(db, "INSERT INTO body (message, bytes) VALUES (?, ?)"),
      insert_delivery(db, std::string("INSERT INTO delivery (") + kDeliveryColumns +
                              ") VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, NULL, ?, '', 0, ?, ?, ?)"),
      insert_attempt(
          db,
          "INSERT INTO attempt (message, recipient_index, number, transport, started_at) "
          "VALUES (?, ?, ?, ?, ?)"),
      delete_body(db, "DELETE FROM body WHERE message = ?"),
      start_delivery(
          db,
          "UPDATE delivery SET state = 'active', token = token + 1, attempts = attempts + 1, "
          "transport = ?, possible_duplicates = possible_duplicates + ? "
          "WHERE message = ? AND recipient_index = ? AND token = ? "
          "AND (state = 'queued' OR state = 'deferred' OR state = 'uncertain')"),
      start_attempt(db,
                    "INSERT INTO attempt (message, recipient_index, number, transport, started_at) "
                    "SELECT message, recipient_index, attempts, transport, ? FROM delivery "
                    "WHERE message = ? AND recipient_index = ?"),
      record_delivery(db,
                      "UPDATE delivery SET state = ?, token = token + 1, reason = ?, "
                      "provider_id = CASE ?3 WHEN '' THEN provider_id ELSE ?3 END, "
                      "next_attempt_at = ?, first_failed_at = ?, "
                      "notice_at = iif(?, NULL, notice_at) "
                      "WHERE message = ? AND recipient_index = ? AND token = ?"),
      end_attempt(db,
                  "UPDATE attempt SET duration_ms = ?, outcome = ?, blame = ?, reply = ? "
                  "WHERE message = ?5 AND recipient_index = ?6 AND number = (SELECT attempts "
                  "FROM delivery WHERE message = ?5 AND recipient_index = ?6)"),
      save_breaker(db,
                   "INSERT OR REPLACE INTO breaker "
                   "(transport, domain, state, reason, until, open_for_ms, failures) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?)"),
      find_alive(db,
                 "SELECT 1 FROM message WHERE no = ? AND submission = ? AND NOT EXISTS "
                 "(SELECT 1 FROM delivery WHERE message = no "
                 "AND state IN ('failed', 'expired', 'cancelled'))"),
      add_event(db,
                "INSERT INTO event (message, number, at, source, type, recipient, detail) "
                "SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 "
                "FROM event WHERE message = ?1"),
      suppress(db, std::string("INSERT INTO suppression (") + kSuppressionColumns +
                       ") VALUES (?, ?, ?, ?, ?, ?, ?) "
                       "ON CONFLICT (address, sender_domain) DO UPDATE SET "
                       "reason = excluded.reason, source = excluded.source, "
                       "added_at = excluded.added_at, expires_at = excluded.expires_at, "
                       "detail = excluded.detail WHERE ?8 OR expires_at < excluded.expires_at "
                       "OR (expires_at IS NOT NULL AND excluded.expires_at IS NULL)"),
      unsuppress(db,
                 "DELETE FROM suppression WHERE address = ?1 "
                 "AND (?2 IS NULL OR sender_domain = ?2)"),
      insert_late_id(db, "INSERT OR IGNORE INTO late_id (message, hash) VALUES (?, ?)") {}

SqliteStore::SqliteStore(std::filesystem::path file, std::uint64_t max_size_bytes)
    : file_(std::move(file)),
      max_size_bytes_(max_size_bytes),
      disk_(file_.parent_path()),
      bodies_(file_.parent_path() / "bodies"),
      reader_(file_, bodies_, suppressions_) {
  with_ballast([this] { open(); });
  load_suppressions();
  disk_.take_in_ballast();
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::begin() {
  with_ballast([this] {
    if (!database_) open();  // after a fault the old handle is never trusted again
    statements_->begin.run();
  });
}

void SqliteStore::commit() {
  throwing_ballast([this] {
    bodies_.sync_names();
    refresh_usage();  // here, where it takes no locks of its own
    statements_->commit.run();
  });
  for (const MessageNo no : std::exchange(pruned_, {})) bodies_.remove(no);
  for (const std::string& address : std::exchange(suppressed_, {})) suppressions_.add(address);
  tidy();
}

void SqliteStore::rollback() noexcept {
  pruned_.clear();
  suppressed_.clear();
  recent_.reset();
  if (database_) database_->interrupt_transaction();
  drop_handle();
}

void SqliteStore::drop_handle() noexcept {
  statements_.reset();
  database_.reset();
}

// What was committed stays committed: a fault here only means that the handle is not to be used
// again.
void SqliteStore::tidy() noexcept {
  try {
    throwing_ballast([this] {
      const bool has_room = disk_.has_room();
      if (has_room) disk_.take_in_ballast();
      if (database_->wal_pages() >= (has_room ? kLogPages : kLogPagesWhenShort))
        database_->checkpoint();
    });
  } catch (const StorageError&) {
    drop_handle();
  }
}

void SqliteStore::refresh_usage() {
  const auto single = [](Statement& statement) {
    statement.query();
    statement.next();
    const std::int64_t value = statement.integer(0);
    statement.reset();
    return static_cast<std::uint64_t>(value);
  };
  used_bytes_ =
      (single(statements_->page_count) - single(statements_->freelist_count)) * kPageBytes;
}

bool SqliteStore::has_room(std::uint64_t more_bytes) {
  return disk_.has_room() && used_bytes_ + bodies_.used_bytes() + more_bytes <= max_size_bytes_;
}

Applied SqliteStore::apply(const Change& change) {
  struct Dispatch {
    SqliteStore& store;
    Applied operator()(const Put& c) { return store.put(c); }
    Applied operator()(const StartAttempt& c) { return store.start_attempt(c); }
    Applied operator()(const Record& c) { return store.record(c); }
    Applied operator()(const SaveBreaker& c) { return store.save_breaker(c); }
    Applied operator()(const AddEvent& c) { return store.add_event(c); }
    Applied operator()(const Steer& c) { return store.steer(c); }
    Applied operator()(const Prune& c) { return store.prune(c); }
    Applied operator()(const Suppress& c) { return store.suppress(c); }
    Applied operator()(const Unsuppress& c) { return store.unsuppress(c); }
    Applied operator()(const IndexIds& c) { return store.index_ids(c); }
  };
  Applied applied;
  throwing_ballast([&] { applied = std::visit(Dispatch{*this}, change); });
  return applied;
}

void SqliteStore::put_chunk(const PutChunk& chunk) {
  bodies_.write(chunk.no, chunk.index, *chunk.bytes);
}

void SqliteStore::seal_body(const PutChunk& last) {
  put_chunk(last);
  bodies_.sync(last.no);
}

void SqliteStore::drop_body(MessageNo no) noexcept {
  bodies_.remove(no);
}

Applied SqliteStore::put(const Put& change) {
  const Message& message = *change.message;
  if (const auto first = duplicate_of(change)) return {.duplicate_of = first};
  Statements& to = *statements_;
  std::optional<Statement::Blob> submission;
  if (!message.submission.empty()) submission = Statement::Blob{message.submission};
  std::optional<Statement::Blob> hash;
  if (!message.body_hash.empty()) hash = Statement::Blob{message.body_hash};
  to.insert_message.run(
      message.no, to_string(message.channel), message.envelope.sender, message.sender_domain,
      message.message_id, message.identity, message.size_bytes, message.chunks,
      message.header_bytes, hash, message.envelope.smtputf8, message.envelope.eight_bit_mime,
      message.priority, message.accepted_at, to_column(message.envelope.options), submission);
  std::optional<Statement::Blob> content;
  if (message.chunks == 1) content = Statement::Blob{*change.content};
  to.insert_body.run(message.no, content);
  for (std::size_t i = 0; i < message.envelope.recipients.size(); ++i) {
    const Start& start = change.starts.at(i);
    const auto index = static_cast<std::uint32_t>(i);
    const bool active = start.state == DeliveryState::active;
    const Time due = start.state == DeliveryState::held ? kNever : start.next_attempt_at;
    to.insert_delivery.run(message.no, index, message.envelope.recipients[i],
                           to_string(start.state), start.transport, active ? 1 : 0, due,
                           start.expires_at, start.reason, start.notice_at, message.sender_domain,
                           message.priority);
    if (active) to.insert_attempt.run(message.no, index, 1, start.transport, start.next_attempt_at);
  }
  return {.changed = 1, .token = 1};
}

// Neither uses RETURNING: SQLite builds a temporary table for it, dearer than the change itself.
Applied SqliteStore::start_attempt(const StartAttempt& change) {
  statements_->start_delivery.run(change.transport, change.possible_duplicate ? 1 : 0, change.no,
                                  change.index, change.token);
  if (database_->changes() == 0) return {};
  statements_->start_attempt.run(change.at, change.no, change.index);
  return {.changed = 1, .token = change.token + 1};
}

Applied SqliteStore::record(const Record& change) {
  const Time due = change.state == DeliveryState::held ? kNever : change.next_attempt_at;
  statements_->record_delivery.run(to_string(change.state), change.reason, change.provider_id, due,
                                   change.first_failed_at, change.notice_given, change.no,
                                   change.index, change.token);
  if (database_->changes() == 0) return {};
  if (!change.provider_id.empty() && change.no <= indexed_up_to_)
    statements_->insert_late_id.run(change.no, id_hash(bare_id(change.provider_id)));
  if (change.outcome)
    statements_->end_attempt.run(change.duration, to_string(change.outcome->kind),
                                 to_string(change.outcome->blame), change.outcome->reply, change.no,
                                 change.index);
  return {.changed = 1, .token = change.token + 1};
}

Applied SqliteStore::index_ids(const IndexIds& change) {
  if (!index_run(*database_, change.before)) return {};
  indexed_up_to_ = queue::indexed_up_to(*database_);
  return {.changed = 1, .more = true};
}

Applied SqliteStore::save_breaker(const SaveBreaker& change) {
  const BreakerRow& row = change.row;
  statements_->save_breaker.run(row.transport, row.domain, row.state, row.reason, row.until,
                                row.open_for, row.failures);
  return {.changed = 1};
}

Applied SqliteStore::add_event(const AddEvent& change) {
  statements_->add_event.run(change.no, change.at, change.source, change.type, change.recipient,
                             change.detail);
  return {.changed = 1};
}

MessageNo SqliteStore::last_number() {
  Statement select(*database_, "SELECT coalesce(max(no), 0) FROM message");
  select.next();
  return MessageNo{select.integer(0)};
}

}  // namespace postern::queue

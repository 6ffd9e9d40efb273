// De-duplication: has this been submitted within the window, and is the first one alive? Decided in
// the transaction that would store the second.
#include "queue/sqlite_statements.hpp"

namespace postern::queue {

// After a start or a fault: what was rolled back is in no index, what was committed is.
void SqliteStore::recall_submissions(MessageNo since) {
  recent_.emplace();
  Statement select(*database_,
                   "SELECT no, submission FROM message WHERE no >= ? AND submission IS NOT NULL");
  select.query(since);
  while (select.next()) recent_->add(select.blob(1), MessageNo{select.integer(0)}, since);
}

std::optional<MessageNo> SqliteStore::duplicate_of(const Put& change) {
  const Message& message = *change.message;
  if (!change.duplicates_since || message.submission.empty()) return std::nullopt;
  const MessageNo since = first_number_of(*change.duplicates_since);
  if (!recent_) recall_submissions(since);
  const auto first = recent_->find(message.submission, since);
  if (first) {
    // The index knows half of the digest; the message knows all of it.
    Statement& alive = statements_->find_alive;
    alive.query(*first, Statement::Blob{message.submission});
    const bool is_alive = alive.next();
    alive.reset();
    if (is_alive) {
      add_event(
          {*first, message.accepted_at, "smtp", "duplicate", {}, "submitted again; not queued"});
      return first;
    }
  }
  recent_->add(message.submission, message.no, since);
  return std::nullopt;
}

}  // namespace postern::queue

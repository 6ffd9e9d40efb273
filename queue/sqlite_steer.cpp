// The operator's verbs and retention: many rows, in steps.
#include <algorithm>

#include "queue/sqlite_statements.hpp"
#include "queue/sqlite_trace.hpp"

namespace postern::queue {
namespace {

/// What a verb does to a delivery, in the words of SQL.
struct VerbTerms {
  const char* applies;  // extra WHERE over d; ?1 is the time of the command
  const char* sets;     // ?1 the time, ?2 the reason, ?3 never, ?6 whether it is in doubt
  const char* event;    // nullptr: none
};

VerbTerms terms_of(Steer::Verb verb) {
  switch (verb) {
    case Steer::Verb::retry:
      return {"d.next_attempt_at > ?1 AND d.state IN ('queued', 'deferred', 'uncertain')",
              "state = 'queued', next_attempt_at = ?1, token = token + 1, "
              "possible_duplicates = possible_duplicates + ?6",
              "retried"};
    case Steer::Verb::hold:
      return {"d.state IN ('queued', 'deferred', 'uncertain')",
              "state = 'held', next_attempt_at = ?3, token = token + 1, reason = ?2", "held"};
    case Steer::Verb::release:
      return {"d.state = 'held'",
              "state = 'queued', next_attempt_at = ?1, token = token + 1, reason = '', "
              "possible_duplicates = possible_duplicates + ?6",
              "released"};
    case Steer::Verb::cancel:
      return {"d.state IN ('queued', 'deferred', 'uncertain', 'held')",
              "state = 'cancelled', token = token + 1, reason = 'deleted by the operator'",
              "cancelled"};
    case Steer::Verb::wake:
      return {"d.next_attempt_at > ?1 AND d.state = 'queued'", "next_attempt_at = ?1", nullptr};
  }
  throw std::logic_error("no such verb");
}

}  // namespace

/// A row that a verb applies to.
struct Steered {
  MessageNo message{};
  std::uint32_t index = 0;
  std::string recipient;
  std::string transport;
  bool in_doubt = false;  // nobody knows how its last attempt ended: sending again may be twice
};

constexpr char kInDoubt[] =
    "EXISTS (SELECT 1 FROM attempt a WHERE a.message = d.message "
    "AND a.recipient_index = d.recipient_index AND a.number = d.attempts "
    "AND coalesce(a.outcome, 'uncertain') = 'uncertain')";

Applied SqliteStore::steer(const Steer& change) {
  const VerbTerms verb = terms_of(change.verb);
  const FilterTerms filter(change.filter);
  std::string sql = std::string("SELECT d.message, d.recipient_index, d.recipient, d.transport, ") +
                    kInDoubt + " FROM delivery d";
  if (change.filter.messages.empty()) sql += " INDEXED BY delivery_open";
  sql += std::string(" WHERE ") + kOpen + " AND ?1 IS NOT NULL AND " + verb.applies + filter.sql();
  if (change.filter.messages.empty()) sql += " ORDER BY d.next_attempt_at";
  sql += " LIMIT " + std::to_string(change.limit);
  std::vector<Steered> rows;
  {
    Statement select(*database_, sql);
    select.bind_at(1, change.at.time_since_epoch().count());
    filter.bind(select, 2);
    while (select.next())
      rows.push_back({MessageNo{select.integer(0)}, static_cast<std::uint32_t>(select.integer(1)),
                      std::string(select.text(2)), std::string(select.text(3)),
                      select.integer(4) != 0});
  }
  Statement update(*database_,
                   std::string("UPDATE delivery SET ") + verb.sets +
                       " WHERE message = ?4 AND recipient_index = ?5 AND ?1 IS NOT NULL "
                       "AND ?2 IS NOT NULL AND ?3 IS NOT NULL AND ?6 IS NOT NULL");
  Applied applied;
  for (const Steered& row : rows) {
    update.run(change.at, change.reason, kNever, row.message, row.index, row.in_doubt);
    if (verb.event)
      add_event({row.message, change.at, "operator", verb.event, row.recipient, change.reason});
    const bool sends = change.verb == Steer::Verb::retry || change.verb == Steer::Verb::release;
    const bool settles = sends || change.verb == Steer::Verb::cancel;
    if (sends && row.in_doubt) ++applied.resent_uncertain;
    if (settles && row.in_doubt) ++applied.uncertain[row.transport];
  }
  applied.changed = rows.size();
  applied.more = rows.size() == change.limit;
  return applied;
}

// Messages are numbered by time, so what is old lies at the front of each table, and what was
// pruned is not met again. Unfinished messages are stepped over; they are few.
Applied SqliteStore::prune(const Prune& change) {
  const auto numbers = [&](const std::string& sql, std::int64_t bound) {
    Statement select(*database_, sql + " LIMIT " + std::to_string(change.limit));
    select.query(bound);
    std::vector<MessageNo> found;
    while (select.next()) found.push_back(MessageNo{select.integer(0)});
    return found;
  };
  const auto finished = [](const char* message) {
    return std::string(" AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = ") + message +
           " AND " + kOpen + ")";
  };
  const auto drop_bodies = [&](MessageNo no) {
    statements_->delete_body.run(no);
    pruned_.push_back(no);
  };
  Applied applied;
  const auto bodies = numbers(
      "SELECT message FROM body WHERE message < ?" + finished("body.message") + " ORDER BY message",
      to_int(first_number_of(change.bodies_before)));
  for (const MessageNo no : bodies) drop_bodies(no);
  const auto gone = numbers("SELECT no FROM message WHERE no < ?" + finished("no") + " ORDER BY no",
                            to_int(first_number_of(change.history_before)));
  for (const MessageNo no : gone) {
    drop_bodies(no);
    for (const char* table : {"event", "attempt", "late_id", "delivery"})
      Statement(*database_, std::string("DELETE FROM ") + table + " WHERE message = ?").run(no);
    Statement(*database_, "DELETE FROM message WHERE no = ?").run(no);
  }
  if (!gone.empty()) drop_runs(*database_, first_number_of(change.history_before));
  const std::uint64_t expired = prune_suppressions(change);
  applied.changed = bodies.size() + gone.size() + expired;
  applied.more =
      bodies.size() == change.limit || gone.size() == change.limit || expired == change.limit;
  return applied;
}

}  // namespace postern::queue

#pragma once
// Finding messages by the ids they go by (see message_ids.hpp) without an index that every message
// would pay for: after the fact, the ids of each run of messages are stored as one sorted block;
// what is newer is searched itself. Part of the SQLite store; on either of its connections.
#include <string_view>
#include <vector>

#include "queue/sqlite_db.hpp"

namespace postern::queue {

/// Messages in a run. A search reads one block a run and, of the messages after the last one, at
/// most so many and those of the last minute.
inline constexpr std::int64_t kRunMessages = 2048;

/// Newest first, at most `limit`; every one is confirmed by its own row.
std::vector<MessageNo> trace_ids(Database& database, std::string_view id, std::uint32_t limit);

/// Stores the next run, if there is a whole one of messages accepted before that time; false: none.
bool index_run(Database& database, Time before);

/// The highest number that is in a run; 0: none is.
MessageNo indexed_up_to(Database& database);

/// Drops runs of which no message is left; only those that end before `history`.
void drop_runs(Database& database, MessageNo history);

}  // namespace postern::queue

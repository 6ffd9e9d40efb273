#pragma once
// The prepared statements of the write connection; part of sqlite_store's implementation.
#include "queue/sqlite_rows.hpp"
#include "queue/sqlite_store.hpp"

namespace postern::queue {

struct SqliteStore::Statements {
  explicit Statements(Database& db);

  Statement begin, commit;
  Statement page_count, freelist_count;
  Statement insert_message, insert_body, insert_delivery, insert_attempt;
  Statement delete_body;
  Statement start_delivery, start_attempt, record_delivery, end_attempt;
  Statement save_breaker, find_alive, add_event;
  Statement suppress, unsuppress;
  Statement insert_late_id;
};

}  // namespace postern::queue

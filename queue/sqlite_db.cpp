#include "queue/sqlite_db.hpp"

#include <cerrno>
#include <cstring>

namespace postern::queue {
namespace {

[[noreturn]] void fail(sqlite3* connection, const char* doing) {
  const int code = connection ? sqlite3_extended_errcode(connection) : SQLITE_NOMEM;
  const int system_error = connection ? sqlite3_system_errno(connection) : 0;
  StorageFault fault;
  // The log's index is written before it is mapped; what fails there is the disk's room.
  fault.full =
      (code & 0xFF) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE ||
      ((code & 0xFF) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT));
  fault.what = std::string("database: ") + doing + ": " +
               (connection ? sqlite3_errmsg(connection) : "out of memory");
  if ((code & 0xFF) == SQLITE_IOERR && system_error != 0)
    fault.what += std::string(" (") + std::strerror(system_error) + ")";
  throw StorageError(fault);
}

// Accounting of memory that nobody reads would cost a process-wide lock at every allocation.
// Possible only before the library is first used.
void stop_memory_accounting() {
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

Statement::Statement(Database& database, std::string_view sql)
    : connection_(database.connection_.get()) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    fail(connection_, "prepare");
  statement_.reset(statement);
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

bool Statement::next() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      sqlite3_reset(statement_.get());
      return false;
    default:
      break;
  }
  try {
    fail(connection_, "step");
  } catch (...) {
    sqlite3_reset(statement_.get());
    throw;
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (!text) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (!bytes) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Statement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), index, value) != SQLITE_OK) fail(connection_, "bind");
}

void Statement::bind(int index, std::string_view text) {
  // A view without data would bind NULL; the empty string is a value.
  const char* bytes = text.data() ? text.data() : "";
  if (sqlite3_bind_text64(statement_.get(), index, bytes, text.size(), SQLITE_STATIC,
                          SQLITE_UTF8) != SQLITE_OK)
    fail(connection_, "bind");
}

void Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() ? bytes.data() : "";
  if (sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC) != SQLITE_OK)
    fail(connection_, "bind");
}

void Statement::bind_null(int index) {
  if (sqlite3_bind_null(statement_.get(), index) != SQLITE_OK) fail(connection_, "bind");
}

Database::Database(const std::filesystem::path& file, Mode mode) {
  stop_memory_accounting();
  sqlite3* connection = nullptr;
  const int flags =
      SQLITE_OPEN_NOMUTEX |
      (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(file.c_str(), &connection, flags, nullptr);
  connection_.reset(connection);
  if (code != SQLITE_OK) fail(connection, ("open " + file.string()).c_str());
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, 5000);
  execute("PRAGMA mmap_size = 0");
  if (mode == Mode::read_only) return;
  // The hook stands in for the automatic checkpoint: when to move the log is the store's decision.
  sqlite3_wal_hook(
      connection,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &wal_pages_);
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(connection_.get(), "execute");
}

std::int64_t Database::pragma(std::string_view name) {
  Statement statement(*this, "PRAGMA " + std::string(name));
  return statement.next() ? statement.integer(0) : 0;
}

std::uint64_t Database::changes() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(connection_.get()));
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

void Database::interrupt_transaction() noexcept {
  sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::checkpoint() {
  int log_pages = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                             &log_pages, &moved);
  if (code != SQLITE_OK && code != SQLITE_BUSY) fail(connection_.get(), "checkpoint");
  if (log_pages == moved) wal_pages_ = 0;
}

}  // namespace postern::queue

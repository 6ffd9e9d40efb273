#pragma once
// The only file (with its .cpp) that calls sqlite3_*: a connection and its prepared statements.
// One thread at a time per Database. Every failure is a StorageError with `full` where the disk or
// the quota has no room; after one the connection must not be used again (a failed fsync may have
// dropped pages: close, reopen, re-check).
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/handle.hpp"
#include "queue/store.hpp"

namespace postern::queue {

class Database;

/// A prepared statement. run() binds and steps to the end; query() binds and then next() walks.
class Statement {
 public:
  /// Marks bytes that are bound as a BLOB; must outlive the step.
  struct Blob {
    std::string_view bytes;
  };

  Statement() = default;
  Statement(Database& database, std::string_view sql);

  /// Binds in order, runs to completion, resets.
  template <class... Values>
  void run(const Values&... values) {
    query(values...);
    while (next()) {
    }
  }
  /// Binds in order; rows follow by next(). Views bound must live until the rows are read.
  template <class... Values>
  void query(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
  }
  void bind_at(int index, std::int64_t value) { bind(index, value); }
  void bind_at(int index, std::string_view value) { bind(index, value); }
  void reset();
  /// False after the last row; the statement is then reset.
  bool next();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // valid until the next call of next()
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, std::uint32_t value) { bind(index, std::int64_t{value}); }
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, bool value) { bind(index, std::int64_t{value}); }
  void bind(int index, MessageNo value) { bind(index, to_int(value)); }
  void bind(int index, Time value) { bind(index, value.time_since_epoch().count()); }
  void bind(int index, Duration value) { bind(index, std::int64_t{value.count()}); }
  void bind(int index, std::string_view text);
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind_blob(int index, std::string_view bytes);
  void bind_null(int index);
  void bind(int index, const Blob& blob) { bind_blob(index, blob.bytes); }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value)
      bind(index, *value);
    else
      bind_null(index);
  }

  sqlite3* connection_ = nullptr;
  Handle<sqlite3_stmt, sqlite3_finalize> statement_;
};

class Database {
 public:
  enum class Mode { read_write, read_only };
  Database(const std::filesystem::path& file, Mode mode);
  Database(const Database&) = delete;  // SQLite holds the address of wal_pages_
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  std::int64_t pragma(std::string_view name);
  /// Rows changed by the last statement.
  std::uint64_t changes() const;
  bool in_transaction() const;
  void interrupt_transaction() noexcept;  // ROLLBACK, whatever happens
  /// Pages in the write-ahead log after the last commit.
  int wal_pages() const { return wal_pages_; }
  /// Moves the log into the database file as far as readers allow.
  void checkpoint();

 private:
  friend class Statement;
  Handle<sqlite3, sqlite3_close_v2> connection_;
  int wal_pages_ = 0;
};

}  // namespace postern::queue

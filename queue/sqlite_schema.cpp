// Opening: what a file must be before it is trusted with mail, and the numbered migrations.
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "core/text.hpp"
#include "queue/sqlite_statements.hpp"
#include "queue/sqlite_trace.hpp"

namespace postern::queue {
namespace {

struct Migration {
  std::int64_t number;
  const char* name;
  const char* sql;
};
constexpr Migration kMigrations[] = {
#include "sqlite_schema.inc"
};
constexpr std::int64_t kNewest = kMigrations[std::size(kMigrations) - 1].number;
constexpr std::int64_t kApplicationId = 0x5053544E;  // "PSTN"

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw StorageError({false, "the queue " + file.string() + " " + why});
}

// quick_check begins with a line "*** in database main ***" and goes on for a hundred.
std::string in_one_line(std::string_view findings) {
  const auto lines = split(findings, '\n');
  const bool titled = lines.size() > 1 && lines.front().starts_with("***");
  std::string line(lines[titled ? 1 : 0]);
  if (lines.size() > (titled ? 2 : 1)) line += ", and more";
  return line;
}

void check_tables(Database& database, const std::filesystem::path& file) {
  // The body table is left out: it is most of the file, and a damaged piece is found when read.
  for (const char* table : {"message", "delivery", "attempt"}) {
    Statement check(database, std::string("PRAGMA quick_check('") + table + "')");
    if (check.next() && check.text(0) != "ok")
      refuse(file, "is damaged (" + in_one_line(check.text(0)) +
                       "); see docs/operations.md, \"A damaged queue\"");
  }
}

}  // namespace

void SqliteStore::open() {
  const bool existed = std::filesystem::exists(file_);
  // Starting without rows would take the files for a crash's left-overs and remove accepted mail.
  if (!existed && bodies_.used_bytes() > 0)
    refuse(file_,
           "is missing, but its bodies/ is not; restore it, or move bodies/ aside to begin anew");
  if (existed && std::filesystem::file_size(file_) == 0)
    refuse(file_, "is empty although it exists: truncated? Move it aside to begin anew");
  try {
    database_ = std::make_unique<Database>(file_, Database::Mode::read_write);
    if (!existed) database_->execute("PRAGMA page_size = 8192");
    database_->execute("PRAGMA journal_mode = WAL");
    database_->execute("PRAGMA synchronous = FULL");
    database_->execute("PRAGMA cache_size = -8192");
    database_->execute("PRAGMA temp_store = MEMORY");
    database_->execute("PRAGMA journal_size_limit = 67108864");
    migrate();
    check_tables(*database_, file_);
    statements_ = std::make_unique<Statements>(*database_);
    indexed_up_to_ = queue::indexed_up_to(*database_);
    refresh_usage();
  } catch (const StorageError& error) {
    statements_.reset();
    database_.reset();
    const std::string what = error.what();
    if (!error.fault().full && (what.find("malformed") != std::string::npos ||
                                what.find("not a database") != std::string::npos))
      refuse(file_, "is damaged (" + what + "); see docs/operations.md, \"A damaged queue\"");
    throw;
  }
}

void SqliteStore::migrate() {
  const std::int64_t application = database_->pragma("application_id");
  std::int64_t version = database_->pragma("user_version");
  Statement tables(*database_, "SELECT count(*) FROM sqlite_schema");
  tables.next();
  const bool fresh = tables.integer(0) == 0;
  tables.reset();
  if (!fresh && application != kApplicationId) refuse(file_, "is not a Postern queue");
  if (version > kNewest)
    refuse(file_, "was written by a newer Postern (schema " + std::to_string(version) +
                      ", this one knows " + std::to_string(kNewest) + ")");
  if (version == kNewest) return;
  database_->execute("BEGIN IMMEDIATE");
  for (const Migration& migration : kMigrations)
    if (migration.number > version) database_->execute(migration.sql);
  database_->execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
  database_->execute(("PRAGMA user_version = " + std::to_string(kNewest)).c_str());
  database_->execute("COMMIT");
}

std::uint64_t SqliteStore::recover(Time now, Time first_ask) {
  std::uint64_t settled = 0;
  with_ballast([&] {
    if (!database_) open();
    settled = settle_cut_off(now, first_ask);
  });
  return settled;
}

std::uint64_t SqliteStore::settle_cut_off(Time now, Time first_ask) {
  database_->execute("BEGIN IMMEDIATE");
  Statement known(*database_, "SELECT 1 FROM body WHERE message = ?");
  bodies_.remove_unknown([&known](MessageNo no) {
    known.query(no);
    const bool is_known = known.next();
    known.reset();
    return is_known;
  });
  Statement settle(
      *database_,
      std::string(
          "WITH cut AS (SELECT message, recipient_index, "
          "(SELECT count(*) FROM (SELECT outcome FROM attempt a WHERE a.message = d.message "
          "AND a.recipient_index = d.recipient_index ORDER BY number DESC LIMIT 3) "
          "WHERE outcome IS NULL) >= 3 AS thrice FROM delivery d INDEXED BY delivery_open WHERE ") +
          kOpen +
          " AND state = 'active') "
          "UPDATE delivery SET token = token + 1, "
          "state = iif(cut.thrice, 'held', 'uncertain'), "
          "next_attempt_at = iif(cut.thrice, ?1, ?2), "
          "reason = iif(cut.thrice, 'the relay stopped during three attempts in a row', "
          "'the relay stopped during the attempt') "
          "FROM cut WHERE delivery.message = cut.message "
          "AND delivery.recipient_index = cut.recipient_index "
          "RETURNING message, recipient, state, reason");
  std::vector<AddEvent> events;
  settle.query(kNever, first_ask);
  while (settle.next())
    events.push_back({MessageNo{settle.integer(0)}, now, "scheduler", std::string(settle.text(2)),
                      std::string(settle.text(1)), std::string(settle.text(3))});
  for (const AddEvent& event : events) add_event(event);
  database_->execute("COMMIT");
  return events.size();
}

}  // namespace postern::queue

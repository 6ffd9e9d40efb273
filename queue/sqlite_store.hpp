#pragma once
// The embedded store: one SQLite file, WAL, synchronous=FULL. One write connection, which is also
// the only checkpointer (SQLite 3.40 corrupts a log that two connections write or checkpoint at the
// same moment); every other connection is read-only and short. No mmap. Used by the committer.
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>

#include "queue/body_files.hpp"
#include "queue/disk_reserve.hpp"
#include "queue/recent_submissions.hpp"
#include "queue/sqlite_db.hpp"
#include "queue/sqlite_reader.hpp"
#include "queue/store.hpp"
#include "queue/suppression_index.hpp"

namespace postern::queue {

class SqliteStore final : public Store {
 public:
  /// Opens or creates `file` and brings its schema up to date. Throws StorageError for a file that
  /// is damaged, truncated, foreign, or written by a newer version; never re-creates one.
  SqliteStore(std::filesystem::path file, std::uint64_t max_size_bytes);
  ~SqliteStore() override;

  void begin() override;
  Applied apply(const Change& change) override;
  void commit() override;
  void rollback() noexcept override;
  bool has_room(std::uint64_t more_bytes) override;
  void put_chunk(const PutChunk& chunk) override;
  void seal_body(const PutChunk& last) override;
  void drop_body(MessageNo no) noexcept override;
  Reader& reader() override { return reader_; }
  MessageNo last_number() override;
  std::uint64_t recover(Time now, Time first_ask) override;

 private:
  struct Statements;
  void open();
  void migrate();
  void refresh_usage();
  std::uint64_t settle_cut_off(Time now, Time first_ask);
  void tidy() noexcept;
  void drop_handle() noexcept;
  /// What finds no room on the disk fails, and finds some the next time.
  template <class Work>
  void throwing_ballast(const Work& work) {
    try {
      work();
    } catch (const StorageError& error) {
      if (error.fault().full) disk_.release_ballast();
      throw;
    }
  }
  /// The same for what may simply be begun again: it is, once.
  template <class Work>
  void with_ballast(const Work& work) {
    try {
      work();
    } catch (const StorageError& error) {
      if (!error.fault().full || !disk_.release_ballast()) throw;
      drop_handle();
      work();
    }
  }

  /// sqlite_submissions.cpp: the living message that makes this one a duplicate.
  std::optional<MessageNo> duplicate_of(const Put& change);
  void recall_submissions(MessageNo since);

  // sqlite_suppressions.cpp
  void load_suppressions();
  Applied suppress(const Suppress& change);
  Applied unsuppress(const Unsuppress& change);
  std::uint64_t prune_suppressions(const Prune& change);

  Applied index_ids(const IndexIds& change);

  Applied put(const Put& change);
  Applied start_attempt(const StartAttempt& change);
  Applied record(const Record& change);
  Applied save_breaker(const SaveBreaker& change);
  Applied add_event(const AddEvent& change);
  Applied steer(const Steer& change);
  Applied prune(const Prune& change);

  std::filesystem::path file_;
  std::uint64_t max_size_bytes_;
  DiskReserve disk_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statements> statements_;
  BodyFiles bodies_;
  SuppressionIndex suppressions_;
  SqliteReader reader_;
  MessageNo indexed_up_to_{};                // ids of messages after it are found without an index
  std::optional<RecentSubmissions> recent_;  // empty: to be filled from the messages
  std::vector<MessageNo> pruned_;            // their files go once the commit is done
  std::vector<std::string> suppressed_;      // go into the index once the commit is done
  std::atomic<std::uint64_t> used_bytes_{0};
};

}  // namespace postern::queue

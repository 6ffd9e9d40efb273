#pragma once
// Reading the SQLite store from any thread: a few read-only connections, handed out one a call.
// Each call is one short transaction, so that the log can always be moved and reused.
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "queue/body_files.hpp"
#include "queue/sqlite_db.hpp"
#include "queue/store.hpp"

namespace postern::queue {

class SqliteReader final : public Reader {
 public:
  /// `bodies` outlives the reader.
  SqliteReader(std::filesystem::path file, const BodyFiles& bodies);
  ~SqliteReader() override;

  std::vector<Stored> due(Time now, std::uint32_t limit, const Skip& skip) override;
  std::optional<Time> next_due(Time now) override;
  std::optional<Stored> find(MessageNo no) override;
  std::vector<Stored> list(const Filter& filter, MessageNo after, std::uint32_t limit) override;
  std::shared_ptr<const Content> content(const Message& message) override;
  std::vector<Count> counts() override;
  std::vector<BreakerRow> breakers() override;
  std::uint64_t used_bytes() override;

 private:
  struct Connection;
  class Lease;

  std::filesystem::path file_;
  const BodyFiles& bodies_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace postern::queue

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
#include "queue/suppression_index.hpp"

namespace postern::queue {

class SqliteReader final : public Reader {
 public:
  /// `bodies` and `suppressions` outlive the reader.
  SqliteReader(std::filesystem::path file, const BodyFiles& bodies,
               const SuppressionIndex& suppressions);
  ~SqliteReader() override;

  Due due(const DueQuery& query) override;
  std::optional<Time> next_due(Time now) override;
  std::optional<Stored> find(MessageNo no) override;
  std::vector<Stored> list(const Filter& filter, MessageNo after, std::uint32_t limit) override;
  std::shared_ptr<const Content> content(const Message& message) override;
  std::vector<Count> counts() override;
  std::vector<BreakerRow> breakers() override;
  std::uint64_t used_bytes() override;
  std::vector<MessageNo> trace(std::string_view id, std::uint32_t limit) override;
  bool may_be_suppressed(std::string_view address) const override {
    return suppressions_.may_contain(address);
  }
  std::optional<Suppression> suppression(std::string_view address, std::string_view sender_domain,
                                         Time now) override;
  std::vector<Suppression> suppressions(const SuppressionFilter& filter, const Suppression& after,
                                        Time now, std::uint32_t limit) override;

 private:
  struct Connection;
  class Lease;
  class DueWalk;

  std::filesystem::path file_;
  const BodyFiles& bodies_;
  const SuppressionIndex& suppressions_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace postern::queue

#include "queue/sqlite_store.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/contract/queue/store_contract.hpp"
#include "tests/support/temporary_directory.hpp"

namespace postern::queue {
namespace {

class SqliteUnderTest final : public StoreUnderTest {
 public:
  std::unique_ptr<Store> open(std::uint64_t max_size_bytes) override {
    return std::make_unique<SqliteStore>(directory_.path() / "queue.db", max_size_bytes);
  }

 private:
  postern::testing::TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(MakeStore([] {
                           return std::make_unique<SqliteUnderTest>();
                         })));

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreTrace, ::testing::Values(MakeStore([] {
                           return std::make_unique<SqliteUnderTest>();
                         })));

class QueueFile : public ::testing::Test {
 protected:
  std::string refusal() {
    try {
      const SqliteStore store(file_, kPlenty);
      return "";
    } catch (const StorageError& error) {
      return error.what();
    }
  }
  void make() { const SqliteStore store(file_, kPlenty); }
  void execute(const char* sql) { Database(file_, Database::Mode::read_write).execute(sql); }

  postern::testing::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "queue.db";
};

TEST_F(QueueFile, OfANewerVersionIsRefused) {
  make();
  execute("PRAGMA user_version = 999");
  EXPECT_THAT(refusal(), ::testing::HasSubstr("newer Postern"));
}

TEST_F(QueueFile, OfAnotherProgramIsRefused) {
  execute("CREATE TABLE diary (page TEXT)");
  EXPECT_THAT(refusal(), ::testing::HasSubstr("not a Postern queue"));
}

TEST_F(QueueFile, ThatIsNoDatabaseIsRefused) {
  std::ofstream(file_) << std::string(10000, 'x');
  EXPECT_THAT(refusal(), ::testing::HasSubstr("is damaged"));
}

TEST_F(QueueFile, ThatIsEmptyIsRefused) {
  const std::ofstream created(file_);
  EXPECT_THAT(refusal(), ::testing::HasSubstr("truncated"));
}

TEST_F(QueueFile, ThatWasTruncatedIsRefused) {
  make();
  execute("PRAGMA wal_checkpoint(TRUNCATE)");
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2);
  EXPECT_THAT(refusal(), ::testing::HasSubstr("damaged"));
}

TEST_F(QueueFile, ThatIsMissingBesideItsBodiesIsRefused) {
  {
    SqliteStore store(file_, kPlenty);
    store.put_chunk({MessageNo{1}, 0, std::make_shared<const std::string>("accepted mail")});
  }
  std::filesystem::remove(file_);
  EXPECT_THAT(refusal(), ::testing::HasSubstr("move bodies/ aside"));
}

TEST_F(QueueFile, IsKeptWhenItIsRefused) {
  std::ofstream(file_) << std::string(10000, 'x');
  refusal();
  EXPECT_EQ(std::filesystem::file_size(file_), 10000u);
}

TEST_F(QueueFile, OfTheFirstVersionIsBroughtUpToDate) {
  make();
  execute("DROP INDEX delivery_waiting");
  execute("ALTER TABLE delivery DROP COLUMN sender_domain");
  execute("ALTER TABLE delivery DROP COLUMN priority");
  execute("ALTER TABLE message DROP COLUMN submission");
  execute("ALTER TABLE message DROP COLUMN options");
  execute("ALTER TABLE delivery DROP COLUMN notice_at");
  execute("DROP TABLE suppression");
  execute("DROP TABLE id_run");
  execute("DROP TABLE late_id");
  execute("PRAGMA user_version = 1");
  execute(
      "INSERT INTO message VALUES (1, 'mail', '', 'product-a.com', '', '', 1, 1, 1, NULL, 0, 0, 3, "
      "0)");
  execute(
      "INSERT INTO delivery VALUES (1, 0, 'a@x.example', 'queued', 1, NULL, NULL, '', 0, 0, 9, "
      "NULL, '', '', 0)");
  EXPECT_EQ(refusal(), "");
  Database database(file_, Database::Mode::read_write);
  EXPECT_EQ(database.pragma("user_version"), 6);
  EXPECT_NO_THROW(
      Statement(database, "SELECT options, submission, notice_at FROM message, delivery"));
  EXPECT_NO_THROW(Statement(database, "SELECT address FROM suppression"));
  Statement turn(database, "SELECT sender_domain, priority FROM delivery");
  ASSERT_TRUE(turn.next());
  EXPECT_EQ(turn.text(0), "product-a.com") << "what waited has its turn";
  EXPECT_EQ(turn.integer(1), 3);
}

TEST_F(QueueFile, IsDurableAtEveryCommit) {
  make();
  Database database(file_, Database::Mode::read_write);
  EXPECT_EQ(database.pragma("application_id"), 0x5053544E);
  Statement mode(database, "PRAGMA journal_mode");
  ASSERT_TRUE(mode.next());
  EXPECT_EQ(mode.text(0), "wal");
}

}  // namespace
}  // namespace postern::queue

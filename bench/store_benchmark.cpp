// What one message costs the store: put (with its first attempt) and outcome, at full durability,
// in group commits of the given size. Items are messages.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "core/crypto.hpp"
#include "queue/sqlite_store.hpp"

namespace postern::queue {
namespace {

using namespace std::chrono_literals;

class Directory {
 public:
  Directory() {
    std::string name = "/var/tmp/postern-bench.XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void put_and_record(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const auto bytes =
      std::make_shared<const std::string>(static_cast<std::size_t>(state.range(1)), 'x');
  const bool dedupes = state.range(2) != 0;
  Directory directory;
  SqliteStore store(directory.path() / "queue.db", std::uint64_t{1} << 40);
  NumberSource numbers;
  SystemClock clock;
  std::vector<MessageNo> previous;
  for (auto _ : state) {
    store.begin();
    std::vector<MessageNo> current;
    const Time now = clock.now();
    for (std::size_t i = 0; i < batch; ++i) {
      auto message = std::make_shared<Message>();
      message->no = numbers.next(now);
      message->envelope.sender = "sender@bench.example";
      message->envelope.recipients = {"rcpt@dest.example"};
      message->sender_domain = "bench.example";
      message->message_id = "<1234.bench@bench.example>";
      message->chunks = 1;
      message->size_bytes = bytes->size();
      message->accepted_at = now;
      current.push_back(message->no);
      Put put{message, bytes, {Start{DeliveryState::active, "sink", "", now, now + 72h}}};
      if (dedupes) {
        message->submission = crypto::sha256(message->id()).substr(0, 16);
        put.duplicates_since = now - 1h;
      }
      store.apply(put);
    }
    for (const MessageNo no : previous) {
      Record record;
      record.no = no;
      record.token = 1;
      record.state = DeliveryState::sent;
      record.reason = "250 2.0.0 ok";
      record.next_attempt_at = now;
      record.outcome = Outcome::delivered("250 2.0.0 ok");
      store.apply(record);
    }
    store.commit();
    previous.swap(current);
  }
  state.SetItemsProcessed(
      static_cast<std::int64_t>(state.iterations() * static_cast<std::int64_t>(batch)));
}
BENCHMARK(put_and_record)
    ->ArgNames({"batch", "bytes", "dedupe"})
    ->Args({1, 4096, 0})
    ->Args({10, 4096, 0})
    ->Args({10, 4096, 1})
    ->Args({50, 4096, 0})
    ->Args({50, 4096, 1})
    ->Args({10, 65536, 0})
    ->Args({10, 262144, 0})
    ->UseRealTime();

}  // namespace
}  // namespace postern::queue

BENCHMARK_MAIN();

#pragma once
// Bodies of more than one piece: each a file of its own beside the database, written once. In the
// database they would be written twice (log, then page) by the one thread everybody waits for.
//
// Thread-safe; calls for one body come one after the other. A file counts only when its message's
// row is committed: sync() and sync_names() come before that commit, and what a crash leaves
// without a row is removed at the next start.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/message.hpp"

namespace postern::queue {

class BodyFiles {
 public:
  /// Creates the directory where it is missing. Throws StorageError, as all of this does.
  explicit BodyFiles(std::filesystem::path directory);
  ~BodyFiles();
  BodyFiles(const BodyFiles&) = delete;
  BodyFiles& operator=(const BodyFiles&) = delete;

  /// The next piece of a body; all but the last have Content::kChunkBytes. A piece out of order is
  /// a fault: a body with a hole is worth nothing.
  void write(MessageNo no, std::uint32_t index, std::string_view bytes);
  /// The file's bytes are on disk when it returns; its name is after sync_names().
  void sync(MessageNo no);
  void sync_names();
  /// Also of a body that is still being written. A file that is not there is no fault.
  void remove(MessageNo no) noexcept;
  /// Removes the files of messages for which `is_known` says no.
  void remove_unknown(const std::function<bool(MessageNo)>& is_known);

  /// What all files hold.
  std::uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }

  /// The body of a message with several pieces.
  std::shared_ptr<const Content> content(const Message& message) const;

 private:
  std::filesystem::path path_of(MessageNo no) const;
  int next_piece(MessageNo no, std::uint32_t index);
  int take(MessageNo no);

  std::filesystem::path directory_;
  struct Open {
    int descriptor = -1;
    std::uint32_t pieces = 0;
  };
  std::mutex mutex_;
  std::map<MessageNo, Open> open_;  // bodies being written
  std::atomic<bool> names_changed_{false};
  std::atomic<std::uint64_t> used_bytes_{0};
};

}  // namespace postern::queue

#pragma once
// Bodies of more than one piece: each a file of its own beside the database, written once. In the
// database they would be written twice (log, then page) by the one thread everybody waits for.
//
// The writing side belongs to the committer's thread; reading is for any thread. A file counts only
// when its message's row is committed: sync() comes before that commit, and what a crash leaves
// without a row is removed at the next start.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
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

  /// Piece `index` of a body; all but the last have Content::kChunkBytes.
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

  std::filesystem::path directory_;
  std::map<MessageNo, int> open_;  // descriptors of bodies being written
  bool names_changed_ = false;
  std::atomic<std::uint64_t> used_bytes_{0};
};

}  // namespace postern::queue

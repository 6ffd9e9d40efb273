#pragma once
// One daemon a state directory: an flock held for the life of the process. A second one is told who
// has it and exits. The kernel lets go when the holder dies, however it dies.
#include <filesystem>
#include <string>

#include "core/result.hpp"

namespace postern::queue {

class StateLock {
 public:
  /// Creates the directory (mode 0750) where it is missing. Error: somebody else holds it, or the
  /// directory cannot be used.
  static Result<StateLock> take(const std::filesystem::path& directory);
  ~StateLock();
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) noexcept;

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace postern::queue

#pragma once
// Which addresses may be suppressed, by a hash of 8 bytes: what the hot path asks instead of the
// store. It knows too much, never too little: an entry that was removed or has expired stays in it
// until the next start, and the store has the last word on every hit.
//
// One thread adds (the committer's, after its commit); any thread asks, without a lock: a slot is
// written once, and a table that has become too small stays where it is, for somebody may be
// reading it. Memory is bounded: kMostSlots are 64 MiB, and as much again in outgrown tables. With
// more than three quarters of that (6 million addresses) it says of every address that it may be
// suppressed: slower then, but not wrong.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace postern::queue {

class SuppressionIndex {
 public:
  static constexpr std::size_t kMostSlots = std::size_t{1} << 23;

  explicit SuppressionIndex(std::size_t most_slots = kMostSlots) : most_slots_(most_slots) {}

  /// Makes room for so many addresses at once. The adding thread's, like add().
  void reserve(std::size_t addresses);
  void add(std::string_view address);
  /// ASCII letters of either case are the same, in the local part too. Any thread.
  bool may_contain(std::string_view address) const;

 private:
  using Slots = std::vector<std::atomic<std::uint64_t>>;  // a power of two; 0: free

  static std::uint64_t hash_of(std::string_view address);
  static std::size_t place_of(std::uint64_t hash, const Slots& slots);
  bool grow(std::size_t wanted_slots);

  const std::size_t most_slots_;
  std::vector<std::unique_ptr<Slots>> tables_;  // the last one is in use
  std::size_t used_ = 0;
  std::atomic<const Slots*> current_{nullptr};
  std::atomic<bool> overflown_{false};
};

}  // namespace postern::queue

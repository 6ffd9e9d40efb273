#pragma once
// What was submitted lately, by the first eight bytes of its digest: a hash table of 16 bytes an
// entry. Used by SqliteStore on the committer's thread, which fills it from the messages themselves
// after a start: it is an index, not a record. A hit is to be confirmed there.
//
// Memory is bounded by kMostSlots (64 MiB). When that is full the oldest are forgotten: with more
// than 2 million messages within the window, the window is shorter.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/id.hpp"

namespace postern::queue {

class RecentSubmissions {
 public:
  static constexpr std::size_t kMostSlots = std::size_t{1} << 22;

  explicit RecentSubmissions(std::size_t most_slots = kMostSlots) : most_slots_(most_slots) {}

  /// A later one takes the place of an earlier one with the same digest. Entries before `oldest`
  /// may be forgotten.
  void add(std::string_view digest, MessageNo no, MessageNo oldest);
  /// The last one with these first eight bytes, unless it is before `oldest`.
  std::optional<MessageNo> find(std::string_view digest, MessageNo oldest) const;
  std::size_t slots() const { return slots_.size(); }

 private:
  struct Slot {
    std::uint64_t key = 0;
    MessageNo no{};  // 0: free
  };
  /// Where the key is, or would be.
  std::size_t place_of(std::uint64_t key) const;
  void rebuild(MessageNo oldest);

  const std::size_t most_slots_;
  std::vector<Slot> slots_;  // a power of two, or none
  std::size_t used_ = 0;
};

}  // namespace postern::queue

#pragma once
// What the engine has outstanding: the deliveries it holds in memory, and the batches of changes
// that the committer has not answered yet. Scheduler's thread.
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/message.hpp"
#include "queue/store.hpp"

namespace postern::delivery {

using BatchId = std::uint64_t;

/// The deliveries that are in memory: what the store says of them is not news.
class Held {
 public:
  void add(MessageNo no, std::uint32_t index) { keys_.insert_or_assign({no, index}, false); }
  void remove(MessageNo no, std::uint32_t index) { keys_.erase({no, index}); }
  bool contains(MessageNo no, std::uint32_t index) const { return keys_.contains({no, index}); }
  /// Nothing more will be done with it here; it is held only until its record is on disk.
  void conclude(MessageNo no, std::uint32_t index) {
    if (const auto found = keys_.find({no, index}); found != keys_.end()) found->second = true;
  }
  bool is_worked_on(MessageNo no, std::uint32_t index) const {
    const auto found = keys_.find({no, index});
    return found != keys_.end() && !found->second;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    MessageNo no{};
    std::uint32_t index = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    // Numbers are dense in their low bits (counter, milliseconds): spread them.
    std::size_t operator()(const Key& key) const {
      return (static_cast<std::size_t>(to_int(key.no)) * 31 + key.index) * 0x9E3779B97F4A7C15ULL;
    }
  };
  std::unordered_map<Key, bool, Hash> keys_;  // concluded?
};

/// What a run of changes in a batch was for.
struct Tag {
  enum class Kind {
    other,  // nothing follows from the answer
    start,  // the attempts of flight `id`
    steer,  // a step of steering `id`
    put,    // a message of our own: number `id` of Batch::messages
  };
  Kind kind = Kind::other;
  std::uint64_t id = 0;
  std::size_t count = 1;  // changes
};

/// One transaction's worth of changes. They are kept until the answer, to be sent again after a
/// fault of the store.
struct Batch {
  struct Own {
    std::shared_ptr<const Message> message;
    std::shared_ptr<const std::string> content;
    queue::Start start;
  };
  /// A delivery that leaves the memory once its record is on disk.
  struct Released {
    MessageNo no{};
    std::uint32_t index = 0;
    std::optional<Time> due;  // when the store has it due; none: never
  };
  std::vector<queue::Change> changes;
  std::vector<Tag> tags;
  std::vector<Own> messages;
  std::vector<Released> released;
};

}  // namespace postern::delivery

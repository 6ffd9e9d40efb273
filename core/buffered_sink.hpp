#pragma once
// Where log lines go on their way to a file descriptor: a bounded buffer in memory, emptied by one
// thread with one write for many lines. Whoever logs never waits for the reader of the descriptor:
// a full buffer drops new lines and counts them.
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace postern::log {

class BufferedSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit BufferedSink(int descriptor);
  /// Writes what is waiting, for at most a second; a reader that does not read loses it.
  ~BufferedSink() override;

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 protected:
  // Called with base_sink's mutex_ held, which also guards waiting_ and stopping_.
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  void run();
  void write_all(const std::string& lines);

  int descriptor_;
  std::size_t write_bytes_;  // at most so many in one write
  std::string waiting_;
  bool stopping_ = false;
  std::atomic<bool> hurry_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace postern::log

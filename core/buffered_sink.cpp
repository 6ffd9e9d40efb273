#include "core/buffered_sink.hpp"

#include "core/thread_name.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>

namespace postern::log {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBufferBytes = 4 * 1024 * 1024;
// Lines that come within this time of the first share its write.
constexpr auto kLinger = 10ms;
constexpr int kPollMilliseconds = 200;
constexpr auto kFarewell = 1s;

bool is_file(int descriptor) {
  struct stat about {};
  return ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace

BufferedSink::BufferedSink(int descriptor)
    : descriptor_(descriptor),
      write_bytes_(is_file(descriptor) ? kBufferBytes : PIPE_BUF),
      thread_([this] {
        name_this_thread("log");
        run();
      }) {}

BufferedSink::~BufferedSink() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    hurry_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BufferedSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (waiting_.size() + line.size() > kBufferBytes) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const bool was_empty = waiting_.empty();
  waiting_.append(line.data(), line.size());
  if (was_empty) wake_.notify_one();
}

void BufferedSink::run() {
  std::string lines;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      wake_.wait_for(lock, kLinger, [this] { return stopping_; });
      lines.swap(waiting_);
    }
    write_all(lines);
    lines.clear();
  }
}

void BufferedSink::write_all(const std::string& lines) {
  const auto give_up = std::chrono::steady_clock::now() + kFarewell;
  std::string_view rest = lines;
  while (!rest.empty()) {
    // Polling first keeps this thread able to notice that it is to stop; a pipe takes 4 KiB at
    // least.
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, kPollMilliseconds) == 0) {
      if (hurry_ && std::chrono::steady_clock::now() > give_up) return;
      continue;
    }
    const ssize_t written = ::write(descriptor_, rest.data(), std::min(rest.size(), write_bytes_));
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return;  // closed, or a full disk: these lines are lost, the next may not be
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace postern::log

#include "core/buffered_sink.hpp"

#include <gmock/gmock.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <array>

namespace postern::log {
namespace {

class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("pipe failed");
  }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int write_end() const { return ends_[1]; }
  std::string read_some() const {
    std::string bytes(64 * 1024, '\0');
    const ssize_t count = ::read(ends_[0], bytes.data(), bytes.size());
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(BufferedSink, WritesWhatWasLoggedInOrder) {
  Pipe pipe;
  {
    auto sink = std::make_shared<BufferedSink>(pipe.write_end());
    spdlog::logger logger("test", sink);
    logger.set_pattern("%v");
    logger.info("one");
    logger.info("two");
  }
  EXPECT_EQ(pipe.read_some(), "one\ntwo\n");
}

TEST(BufferedSink, NeverWaitsForAReaderThatDoesNotRead) {
  Pipe pipe;
  auto sink = std::make_shared<BufferedSink>(pipe.write_end());
  spdlog::logger logger("test", sink);
  const std::string line(1024, 'x');
  // The pipe takes 64 KiB and the buffer 4 MiB (twice: one half being written); 16 MiB fit nowhere.
  for (int i = 0; i < 16 * 1024; ++i) logger.info(line);
  EXPECT_GT(sink->dropped(), 0u);
  EXPECT_THAT(pipe.read_some(), ::testing::HasSubstr("xxx")) << "what came first is kept";
}

}  // namespace
}  // namespace postern::log

// Dots at line starts are doubled and nothing else, wherever the chunks are cut.
#include "transports/dot_stuffer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace postern::transports {
namespace {

std::string on_the_wire(std::string_view content, std::size_t chunk) {
  DotStuffer stuffer;
  std::string wire;
  for (std::size_t at = 0; at < content.size(); at += chunk) {
    std::vector<boost::asio::const_buffer> buffers;
    stuffer.stuff(content.substr(at, chunk), buffers);
    for (const auto& buffer : buffers)
      wire.append(static_cast<const char*>(buffer.data()), buffer.size());
  }
  return wire.append(stuffer.terminator());
}

void expect_wire(std::string_view content, std::string_view wire) {
  for (std::size_t chunk = 1; chunk <= content.size() + 1; ++chunk)
    EXPECT_EQ(on_the_wire(content, chunk), wire) << "in chunks of " << chunk;
}

TEST(DotStuffer, DoublesADotThatBeginsALine) {
  expect_wire("a\r\n.b\r\n..c\r\nd.\r\n.\r\n", "a\r\n..b\r\n...c\r\nd.\r\n..\r\n.\r\n");
  expect_wire(".\r\n", "..\r\n.\r\n");
  expect_wire(".", "..\r\n.\r\n");
}

TEST(DotStuffer, LeavesEverythingElseAlone) {
  expect_wire("a.b\r\n c. .\r\n", "a.b\r\n c. .\r\n.\r\n");
  expect_wire("", ".\r\n");
}

TEST(DotStuffer, EndsAnUnfinishedLineBeforeTheEnd) {
  expect_wire("a", "a\r\n.\r\n");
  expect_wire("a\r", "a\r\r\n.\r\n");
  expect_wire("a\n", "a\n\r\n.\r\n");
}

TEST(DotStuffer, NoEndOfDataHidesBehindABareLineFeed) {
  expect_wire("a\n.\r\nMAIL FROM:<>\r\n", "a\n..\r\nMAIL FROM:<>\r\n.\r\n");
  expect_wire("a\n.\n", "a\n..\n\r\n.\r\n");
}

}  // namespace
}  // namespace postern::transports

// Stream between two ends on loopback: bytes, gathering, deadlines, the peer's end.
#include "net/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <string>

namespace postern::net {
namespace {

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

asio::awaitable<std::string> read_until_end(Stream& stream) {
  std::string all;
  std::array<char, 1000> buffer;
  for (;;) {
    const Moved moved = co_await stream.read_some(asio::buffer(buffer));
    if (!moved) co_return all;
    all.append(buffer.data(), *moved);
  }
}

// Two connected streams on one io_context.
class StreamPair : public testing::Test {
 protected:
  using Script = std::function<asio::awaitable<void>(Stream& client, Stream& server)>;

  void play(Script script) {
    std::exception_ptr failure;
    bool ended = false;
    auto run = [&]() -> asio::awaitable<void> {
      tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
      Endpoints endpoints{acceptor.local_endpoint()};
      Stream client(io_.get_executor());
      const error_code error = co_await client.connect(endpoints, 5s);
      EXPECT_FALSE(error) << error.message();
      Stream server(acceptor.accept());
      co_await script(client, server);
      ended = true;
    };
    asio::co_spawn(io_, run(), [&](std::exception_ptr e) { failure = e; });
    io_.run_for(20s);
    if (failure) std::rethrow_exception(failure);
    EXPECT_TRUE(ended);
  }

  asio::io_context io_{1};
};

TEST_F(StreamPair, CarriesGatheredBuffersInOrder) {
  play([](Stream& client, Stream& server) -> asio::awaitable<void> {
    const std::string a = "MAIL ", b = "FROM:<>", c = "\r\n";
    const std::array<asio::const_buffer, 3> buffers{asio::buffer(a), asio::buffer(b),
                                                    asio::buffer(c)};
    const error_code error = co_await client.write(buffers);
    EXPECT_FALSE(error);
    EXPECT_EQ(client.written_bytes(), 14U);
    client.close();
    const std::string all = co_await read_until_end(server);
    EXPECT_EQ(all, "MAIL FROM:<>\r\n");
  });
}

TEST_F(StreamPair, WritesMoreThanTheKernelTakesAtOnce) {
  play([](Stream& client, Stream& server) -> asio::awaitable<void> {
    std::string big(24 << 20, 'x');
    for (std::size_t i = 0; i < big.size(); i += 997) big[i] = static_cast<char>('a' + i % 26);
    auto send = [&]() -> asio::awaitable<void> {
      const std::array<asio::const_buffer, 2> halves{
          asio::buffer(big.data(), big.size() / 3),
          asio::buffer(big.data() + big.size() / 3, big.size() - big.size() / 3)};
      const error_code error = co_await client.write(halves);
      EXPECT_FALSE(error);
      co_await client.shutdown();
    };
    auto both = send() && read_until_end(server);
    const std::string all = co_await std::move(both);
    EXPECT_TRUE(all == big);
    EXPECT_EQ(client.written_bytes(), big.size());
  });
}

TEST_F(StreamPair, AReadEndsAtTheDeadlineAndTheStreamCanStillWrite) {
  play([](Stream& client, Stream& server) -> asio::awaitable<void> {
    char byte = 0;
    const asio::mutable_buffer buffer(&byte, 1);
    server.expires_after(20ms);
    const Moved silent = co_await server.read_some(buffer);
    EXPECT_FALSE(silent);
    EXPECT_EQ(silent.error(), asio::error::timed_out);
    const Moved again = co_await server.read_some(buffer);
    EXPECT_EQ(again.error(), asio::error::timed_out) << "until a new deadline is set";
    server.expires_after(5s);
    const std::string farewell = "421 4.4.2 Timeout\r\n";
    const error_code error = co_await server.write(asio::buffer(farewell));
    EXPECT_FALSE(error);
    co_await server.shutdown();
    const std::string all = co_await read_until_end(client);
    EXPECT_EQ(all, farewell);
  });
}

TEST_F(StreamPair, ALaterDeadlineReplacesAnEarlierOne) {
  play([this](Stream& client, Stream& server) -> asio::awaitable<void> {
    server.expires_after(10ms);
    server.expires_after(5s);
    asio::steady_timer timer(io_, 50ms);
    timer.async_wait([&](error_code) { client.close(); });
    char byte = 0;
    const asio::mutable_buffer buffer(&byte, 1);
    const Moved moved = co_await server.read_some(buffer);
    EXPECT_EQ(moved.error(), asio::error::eof);
  });
}

TEST_F(StreamPair, AnEarlierDeadlineReplacesALaterOne) {
  play([](Stream&, Stream& server) -> asio::awaitable<void> {
    server.expires_after(1h);
    server.expires_after(10ms);
    char byte = 0;
    const asio::mutable_buffer buffer(&byte, 1);
    const Moved moved = co_await server.read_some(buffer);
    EXPECT_EQ(moved.error(), asio::error::timed_out);
  });
}

TEST_F(StreamPair, ABlockedWriteEndsAtTheDeadline) {
  play([](Stream& client, Stream&) -> asio::awaitable<void> {
    const std::string big(64 << 20, 'x');
    client.expires_after(30ms);
    const error_code error = co_await client.write(asio::buffer(big));
    EXPECT_EQ(error, asio::error::timed_out);
    EXPECT_LT(client.written_bytes(), big.size());
    EXPECT_GT(client.written_bytes(), 0U);
  });
}

TEST_F(StreamPair, CloseEndsAReadUnderWay) {
  play([this](Stream&, Stream& server) -> asio::awaitable<void> {
    asio::post(io_, [&] { server.close(); });
    char byte = 0;
    const asio::mutable_buffer buffer(&byte, 1);
    const Moved moved = co_await server.read_some(buffer);
    EXPECT_EQ(moved.error(), asio::error::operation_aborted);
    EXPECT_FALSE(server.is_open());
  });
}

TEST_F(StreamPair, ShutdownDeliversTheLastWordsThoughInputWasLeftUnread) {
  play([](Stream& client, Stream& server) -> asio::awaitable<void> {
    const std::string flood(200'000, 'x');
    const error_code sent = co_await client.write(asio::buffer(flood));
    EXPECT_FALSE(sent);
    auto end = [&]() -> asio::awaitable<void> {
      const std::string words = "554 5.5.0 no\r\n";
      const error_code error = co_await server.write(asio::buffer(words));
      EXPECT_FALSE(error);
      co_await server.shutdown();
    };
    auto both = end() && read_until_end(client);
    const std::string all = co_await std::move(both);
    EXPECT_EQ(all, "554 5.5.0 no\r\n");
  });
}

// Who is sent away in the middle of a sentence goes on speaking for a moment.
TEST_F(StreamPair, LingeringDeliversTheLastWordsThoughThePeerSpeaksOn) {
  play([](Stream& client, Stream& server) -> asio::awaitable<void> {
    bool ended = false;
    auto end = [&]() -> asio::awaitable<void> {
      const std::string words = "554 5.5.0 no\r\n";
      const error_code error = co_await server.write(asio::buffer(words));
      EXPECT_FALSE(error);
      co_await server.shutdown(Stream::Linger::yes);
      ended = true;
    };
    auto speak = [&]() -> asio::awaitable<void> {
      const std::string more(1000, 'x');
      for (int i = 0; i < 100; ++i) {
        const error_code error = co_await client.write(asio::buffer(more));
        EXPECT_FALSE(error);
      }
      EXPECT_FALSE(ended);
      const std::string all = co_await read_until_end(client);
      EXPECT_EQ(all, "554 5.5.0 no\r\n");
      client.close();
    };
    auto both = end() && speak();
    co_await std::move(both);
    EXPECT_TRUE(ended);
  });
}

TEST_F(StreamPair, KnowsWhetherAnIdlePeerHasSpokenOrGone) {
  play([](Stream& client, Stream& server) -> asio::awaitable<void> {
    EXPECT_FALSE(client.has_input());
    server.close();
    char byte = 0;
    const asio::mutable_buffer buffer(&byte, 1);
    const Moved moved = co_await client.read_some(buffer);
    EXPECT_EQ(moved.error(), asio::error::eof);
    EXPECT_TRUE(client.has_input());
  });
}

TEST(StreamConnect, TriesTheNextEndpointAfterARefusal) {
  asio::io_context io{1};
  tcp::acceptor refused(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const tcp::endpoint nobody = refused.local_endpoint();
  refused.close();
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  Stream stream(io.get_executor());
  auto run = [&](Endpoints endpoints) -> asio::awaitable<error_code> {
    co_return co_await stream.connect(endpoints, 5s);
  };
  error_code first, second;
  bool done = false;
  asio::co_spawn(io, run({nobody, acceptor.local_endpoint()}),
                 [&](std::exception_ptr, error_code error) {
                   first = error;
                   done = true;
                 });
  while (!stream.is_open() || !done) io.run_one_for(5s);
  EXPECT_FALSE(first);
  EXPECT_TRUE(stream.is_open());
  io.restart();
  asio::co_spawn(io, run({nobody}), [&](std::exception_ptr, error_code error) { second = error; });
  io.run_for(5s);
  EXPECT_EQ(second, asio::error::connection_refused);
  EXPECT_FALSE(stream.is_open());
}

}  // namespace
}  // namespace postern::net

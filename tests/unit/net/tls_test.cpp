// TLS between two ends on loopback, both of ours: trust, names, bytes in both directions, the end.
#include "net/tls.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <exception>
#include <functional>
#include <string>

#include "net/stream.hpp"
#include "tests/support/certificate.hpp"

namespace postern::net {
namespace {

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

class Tls : public ::testing::Test {
 protected:
  using Script = std::function<asio::awaitable<void>(Stream& client, Stream& server)>;

  static const testing::Certificate& certificate() {
    static const testing::Certificate made;
    return made;
  }

  // Both handshakes at once, then the script.
  void play(std::string host, bool verify, asio::ssl::context& client_context, Script script) {
    std::exception_ptr failure;
    bool ended = false;
    auto shake_client = [&](Stream& client) -> asio::awaitable<void> {
      client_error = co_await client.start_tls_client(host, verify, client_context);
      complaint = client.tls_complaint();
      if (client_error) client.close();
    };
    auto shake_server = [&](Stream& server) -> asio::awaitable<void> {
      server_error = co_await server.start_tls_server(*server_context);
    };
    auto run = [&]() -> asio::awaitable<void> {
      tcp::acceptor acceptor(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
      Endpoints endpoints{acceptor.local_endpoint()};
      Stream client(io_.get_executor());
      const error_code connected = co_await client.connect(endpoints, 5s);
      EXPECT_FALSE(connected);
      Stream server(acceptor.accept());
      client.expires_after(10s);
      server.expires_after(10s);
      auto both = shake_client(client) && shake_server(server);
      co_await std::move(both);
      co_await script(client, server);
      ended = true;
    };
    asio::co_spawn(io_, run(), [&](std::exception_ptr e) { failure = e; });
    io_.run_for(20s);
    if (failure) std::rethrow_exception(failure);
    EXPECT_TRUE(ended);
  }

  static asio::awaitable<void> nothing(Stream&, Stream&) { co_return; }

  asio::io_context io_{1};
  const std::shared_ptr<asio::ssl::context> server_context =
      make_server_context(certificate().chain_pem(), certificate().key_pem());
  error_code client_error, server_error;
  std::string complaint;
};

TEST_F(Tls, CarriesGatheredBuffersOfAnySize) {
  const auto trusting = make_client_context(certificate().file());
  play("localhost", true, *trusting,
       [this](Stream& client, Stream& server) -> asio::awaitable<void> {
         EXPECT_FALSE(client_error) << client_error.message();
         EXPECT_TRUE(client.is_tls());
         EXPECT_EQ(client.tls_description().substr(0, 4), "TLSv");
         const std::string small = "MAIL FROM:<>\r\n";
         const std::string big(100'000, 'x');
         auto send = [&]() -> asio::awaitable<void> {
           const std::array<asio::const_buffer, 3> buffers{asio::buffer(small), asio::buffer(big),
                                                           asio::buffer(small)};
           const error_code error = co_await client.write(buffers);
           EXPECT_FALSE(error);
           EXPECT_EQ(client.written_bytes(), small.size() * 2 + big.size());
           co_await client.shutdown();
         };
         auto receive = [&]() -> asio::awaitable<std::string> {
           std::string all;
           std::array<char, 5000> buffer;
           for (;;) {
             const Moved moved = co_await server.read_some(asio::buffer(buffer));
             if (!moved) {
               EXPECT_EQ(moved.error(), asio::error::eof);
               co_await server.shutdown();
               co_return all;
             }
             all.append(buffer.data(), *moved);
           }
         };
         auto both = send() && receive();
         const std::string all = co_await std::move(both);
         EXPECT_TRUE(all == small + big + small);
         co_await server.shutdown();
       });
  EXPECT_FALSE(server_error);
}

TEST_F(Tls, ALiteralAddressIsCheckedAgainstTheCertificateToo) {
  const auto trusting = make_client_context(certificate().file());
  play("127.0.0.1", true, *trusting, nothing);
  EXPECT_FALSE(client_error) << client_error.message() << complaint;
}

TEST_F(Tls, AnotherNameIsNotTrusted) {
  const auto trusting = make_client_context(certificate().file());
  play("smtp.example", true, *trusting, nothing);
  EXPECT_TRUE(client_error);
  EXPECT_EQ(complaint, "hostname mismatch");
}

TEST_F(Tls, AnUnknownAuthorityIsNotTrusted) {
  const auto the_system_s = make_client_context({});
  play("localhost", true, *the_system_s, nothing);
  EXPECT_TRUE(client_error);
  EXPECT_EQ(complaint, "self-signed certificate");
}

TEST_F(Tls, WithoutVerifyingAnyCertificateWillDo) {
  const auto the_system_s = make_client_context({});
  play("smtp.example", false, *the_system_s, nothing);
  EXPECT_FALSE(client_error) << client_error.message();
}

TEST_F(Tls, OurClientRefusesOldProtocols) {
  SSL_CTX_set_min_proto_version(server_context->native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(server_context->native_handle(), TLS1_1_VERSION);
  const auto trusting = make_client_context(certificate().file());
  play("localhost", true, *trusting, nothing);
  EXPECT_TRUE(client_error);
  EXPECT_EQ(complaint, "") << "not a matter of trust";
}

TEST_F(Tls, OurServerRefusesOldProtocols) {
  const auto old = make_client_context(certificate().file());
  SSL_CTX_set_min_proto_version(old->native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old->native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(old->native_handle(), "ALL:@SECLEVEL=0");
  play("localhost", true, *old, nothing);
  EXPECT_EQ(server_error.message(), "unsupported protocol (SSL routines)");
}

TEST_F(Tls, OurServerRefusesCiphersWithoutForwardSecrecy) {
  const auto client = make_client_context(certificate().file());
  SSL_CTX_set_max_proto_version(client->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(client->native_handle(), "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA");
  play("localhost", true, *client, nothing);
  EXPECT_EQ(server_error.message(), "no shared cipher (SSL routines)");
}

// CVE-2011-1473: a client could make us work for ever.
TEST_F(Tls, OurServerDoesNotRenegotiate) {
  const auto client = make_client_context(certificate().file());
  SSL_CTX_set_max_proto_version(client->native_handle(), TLS1_2_VERSION);
  play("localhost", true, *client, nothing);
  EXPECT_EQ(client_error, error_code());
  EXPECT_NE(SSL_CTX_get_options(server_context->native_handle()) & SSL_OP_NO_RENEGOTIATION, 0U);
}

TEST(TlsContext, WhatIsNoCertificateIsAnError) {
  EXPECT_THROW(make_server_context("certificate", "key"), std::exception);
}

TEST(TlsContext, AMissingAuthorityFileIsAnError) {
  EXPECT_THROW(make_client_context("/nowhere/ca.pem"), std::exception);
}

}  // namespace
}  // namespace postern::net

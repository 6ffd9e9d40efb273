#include "net/tls.hpp"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

namespace postern::net {

namespace ssl = boost::asio::ssl;

namespace {

// Forward secrecy and authenticated encryption only. TLS 1.3 has nothing else, so its own list
// stays OpenSSL's.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";

}  // namespace

std::shared_ptr<ssl::context> make_client_context(const std::filesystem::path& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  // RFC 8996: 1.0 and 1.1 must not be negotiated.
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (ca_file.empty())
    context->set_default_verify_paths();
  else
    context->load_verify_file(ca_file.string());
  return context;
}

std::shared_ptr<ssl::context> make_server_context(std::string_view chain_pem,
                                                  std::string_view key_pem) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, kCiphers);
  SSL_CTX_set1_groups_list(native, kGroups);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  // Mail clients hardly ever resume; tickets would cost each of them bytes and us a secret that
  // outlives the connection.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  // A record buffer that idle connections do not hold on to.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  context->use_certificate_chain(boost::asio::buffer(chain_pem));
  context->use_private_key(boost::asio::buffer(key_pem), ssl::context::pem);
  return context;
}

}  // namespace postern::net

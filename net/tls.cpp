#include "net/tls.hpp"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

namespace postern::net {

namespace ssl = boost::asio::ssl;

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

}  // namespace postern::net

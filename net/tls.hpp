#pragma once
// TLS contexts: the trust, the protocol versions and the ciphers that streams share. Made at start
// and on reload, read-only afterwards, used by any thread.
#include <filesystem>
#include <memory>
#include <string_view>

namespace boost::asio::ssl {
class context;
}

namespace postern::net {

/// For connections we open: TLS 1.2 or later, trusting `ca_file` (PEM), or the system's store when
/// it is empty. Throws boost::system::system_error when the file cannot be read or holds no
/// certificate.
std::shared_ptr<boost::asio::ssl::context> make_client_context(
    const std::filesystem::path& ca_file);

/// For connections we accept: TLS 1.2 or later with Mozilla's "intermediate" ciphers less the DHE
/// ones (https://wiki.mozilla.org/Security/Server_Side_TLS), no renegotiation, no resumption, no
/// compression. Takes PEM: the chain, the server's own certificate first, and its key. Throws
/// boost::system::system_error when they are not that.
std::shared_ptr<boost::asio::ssl::context> make_server_context(std::string_view chain_pem,
                                                               std::string_view key_pem);

}  // namespace postern::net

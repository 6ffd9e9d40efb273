#pragma once
// TLS contexts: the trust and the protocol versions that streams share. Made at start, read-only
// afterwards, used by any thread.
#include <filesystem>
#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace postern::net {

/// For connections we open: TLS 1.2 or later, trusting `ca_file` (PEM), or the system's store when
/// it is empty. Throws boost::system::system_error when the file cannot be read or holds no
/// certificate.
std::shared_ptr<boost::asio::ssl::context> make_client_context(
    const std::filesystem::path& ca_file);

}  // namespace postern::net

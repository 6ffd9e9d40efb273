#pragma once
// HttpClient over libcurl's multi interface: one thread drives all transfers, connections are kept
// alive and shared between requests. Only this file and net/http_client_transfer know libcurl.
//
// Connections are limited per host, not in all, so that one slow provider never takes another's.
#include <filesystem>
#include <memory>

#include "net/http_client.hpp"

namespace postern::net {

class CurlHttpClient final : public HttpClient {
 public:
  struct Settings {
    std::filesystem::path ca_file;    // PEM; empty: the system's
    long connections_per_host = 256;  // further requests wait, within their timeout
    Duration connect_timeout = std::chrono::seconds{10};  // name, TCP and TLS together
    // Idle connections older than this are not used again: load balancers close them at about 60 s,
    // and a request that meets the close ends uncertain.
    Duration idle_timeout = std::chrono::seconds{30};
    std::size_t max_response_bytes = 1024 * 1024;
  };

  /// Starts the thread. Throws std::runtime_error when libcurl cannot be had.
  explicit CurlHttpClient(Settings settings);
  /// As close() with a deadline that has passed.
  ~CurlHttpClient() override;

  void request(HttpRequest request, HttpDone done) override;

  /// Refuses new requests, lets those under way finish until `deadline`, answers the rest with
  /// HttpFailure::closed, and returns when the thread has ended. Not from `done`.
  void close(Tick deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::net

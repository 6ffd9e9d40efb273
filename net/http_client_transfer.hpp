#pragma once
// CurlTransfer: one HttpRequest on one libcurl easy handle. Made, driven and destroyed on the curl
// thread by CurlHttpClient, which owns the multi handle. Its callbacks never let an exception into
// C.
#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/handle.hpp"
#include "net/http_client.hpp"

namespace postern::net {

/// The limits of every transfer; from CurlHttpClient::Settings.
struct CurlLimits {
  Duration connect_timeout{};
  Duration idle_timeout{};
  std::size_t max_response_bytes = 0;
  std::string ca_file;  // empty: the system's
};

class CurlTransfer {
 public:
  /// Throws std::runtime_error when libcurl refuses to make a handle.
  CurlTransfer(HttpRequest request, HttpDone done, const CurlLimits& limits);
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  CURL* handle() const { return easy_.get(); }
  /// The transfer ended with `code`; answers the caller.
  void finish(CURLcode code);
  /// It will not be waited for any longer; answers the caller.
  void abandon();

 private:
  static std::size_t read(char* out, std::size_t size, std::size_t count, void* self);
  static int seek(void* self, curl_off_t offset, int origin);
  static std::size_t write(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t header(char* bytes, std::size_t size, std::size_t count, void* self);

  template <class Value>
  void set(CURLoption option, Value value);
  void set_credentials();
  void set_connection(const CurlLimits& limits);
  void set_body();
  void set_form();
  std::size_t pull(char* out, std::size_t room);
  BodySent body_sent() const;
  void answer(HttpFailure failure, std::string text);

  HttpRequest request_;
  HttpDone done_;
  HttpResponse response_;
  std::size_t max_response_bytes_;
  std::size_t header_bytes_ = 0;
  bool too_long_ = false;
  std::string content_error_;

  // Where the upload stands in its content.
  std::shared_ptr<const Content> content_;
  std::shared_ptr<const std::string> chunk_;
  std::uint32_t next_chunk_ = 0;
  std::size_t offset_ = 0;
  std::uint64_t taken_bytes_ = 0;
  BodySent sent_before_ = BodySent::nothing;  // over a connection libcurl gave up

  std::array<char, CURL_ERROR_SIZE> error_{};
  Handle<curl_slist, curl_slist_free_all> headers_;
  Handle<CURL, curl_easy_cleanup> easy_;
  Handle<curl_mime, curl_mime_free> form_;  // after easy_: freed before it
};

}  // namespace postern::net

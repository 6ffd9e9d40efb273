#include "net/http_client_transfer.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

#include "core/text.hpp"

namespace postern::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;

void require(CURLcode code) {
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}

HttpFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return HttpFailure::resolve;
    case CURLE_COULDNT_CONNECT:
      return HttpFailure::connect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpFailure::tls;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::timeout;
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_READ_ERROR:
      return HttpFailure::content;
    case CURLE_WRITE_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:  // "HTTP/0.9": an answer without a status line
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return HttpFailure::response;
    case CURLE_URL_MALFORMAT:
      return HttpFailure::request;
    default:
      return HttpFailure::broken;
  }
}

}  // namespace

CurlTransfer::CurlTransfer(HttpRequest request, HttpDone done, const CurlLimits& limits)
    : request_(std::move(request)),
      done_(std::move(done)),
      max_response_bytes_(limits.max_response_bytes),
      easy_(curl_easy_init()) {
  if (!easy_) throw std::runtime_error("libcurl gives no handle");
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_URL, request_.url.c_str());
  if (!request_.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::write);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_USERAGENT, "postern");
  set_credentials();
  set_connection(limits);
  for (const std::string& line : request_.headers) {
    curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    if (!headers_) headers_.reset(longer);
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
  if (request_.method == HttpRequest::Method::post) set_body();
}

template <class Value>
void CurlTransfer::set(CURLoption option, Value value) {
  require(curl_easy_setopt(easy_.get(), option, value));
}

void CurlTransfer::set_credentials() {
  if (!request_.user.empty()) {
    if (!request_.aws) set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, request_.user.c_str());
    set(CURLOPT_PASSWORD, request_.password.reveal().c_str());
  }
  if (!request_.aws) {
    // Without this libcurl waits up to a second for "100 Continue" before each larger body.
    request_.headers.emplace_back("Expect:");
    return;
  }
  // libcurl would sign the header that it then leaves out; it may expect, but not wait.
  set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  const AwsSignature& aws = *request_.aws;
  const std::string scope = "aws:amz:" + aws.region + ':' + aws.service;
  set(CURLOPT_AWS_SIGV4, scope.c_str());
  // A streamed body is signed by the digest that this header names.
  if (!aws.payload_sha256.empty())
    request_.headers.push_back("X-Amz-Content-Sha256: " + aws.payload_sha256);
  if (!aws.session_token.empty())
    request_.headers.push_back("X-Amz-Security-Token: " + aws.session_token);
}

void CurlTransfer::set_connection(const CurlLimits& limits) {
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  // Over HTTP/1.1 the count of bytes sent is what the connection took, not what a window queued.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!limits.ca_file.empty()) set(CURLOPT_CAINFO, limits.ca_file.c_str());
  // The total deadline is the only limit on slowness: a low-speed limit would also cut off a
  // provider that thinks before it answers, and so make sure outcomes uncertain.
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::min(limits.connect_timeout, request_.timeout).count()));
  set(CURLOPT_MAXAGE_CONN,
      static_cast<long>(std::chrono::floor<std::chrono::seconds>(limits.idle_timeout).count()));
  // A name that is still being looked up when its request ends must not hold the thread.
  set(CURLOPT_QUICK_EXIT, 1L);
}

void CurlTransfer::set_body() {
  if (!request_.form.empty() || request_.file) {
    set_form();
    return;
  }
  content_ = request_.content;
  if (!content_) content_ = std::make_shared<MemoryContent>(std::move(request_.body));
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(content_->size_bytes()));
  set(CURLOPT_READFUNCTION, &CurlTransfer::read);
  set(CURLOPT_READDATA, static_cast<void*>(this));
  set(CURLOPT_SEEKFUNCTION, &CurlTransfer::seek);
  set(CURLOPT_SEEKDATA, static_cast<void*>(this));
}

void CurlTransfer::set_form() {
  form_.reset(curl_mime_init(easy_.get()));
  if (!form_) throw std::bad_alloc();
  for (const FormField& field : request_.form) {
    curl_mimepart* part = curl_mime_addpart(form_.get());
    require(curl_mime_name(part, field.name.c_str()));
    require(curl_mime_data(part, field.value.data(), field.value.size()));
  }
  if (request_.file) {
    content_ = request_.file->content;
    curl_mimepart* part = curl_mime_addpart(form_.get());
    require(curl_mime_name(part, request_.file->name.c_str()));
    require(curl_mime_filename(part, request_.file->filename.c_str()));
    require(curl_mime_type(part, request_.file->content_type.c_str()));
    require(curl_mime_data_cb(part, static_cast<curl_off_t>(content_->size_bytes()),
                              &CurlTransfer::read, &CurlTransfer::seek, nullptr, this));
  }
  set(CURLOPT_MIMEPOST, form_.get());
}

std::size_t CurlTransfer::read(char* out, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    return transfer.pull(out, size * count);
  } catch (const std::exception& error) {
    transfer.content_error_ = error.what();
    return CURL_READFUNC_ABORT;
  }
}

std::size_t CurlTransfer::pull(char* out, std::size_t room) {
  std::size_t taken = 0;
  while (taken < room) {
    if (!chunk_ || offset_ == chunk_->size()) {
      if (next_chunk_ == content_->chunks()) break;
      chunk_ = content_->chunk(next_chunk_++);
      offset_ = 0;
      if (!chunk_) throw std::runtime_error("a piece of the content is missing");
      continue;
    }
    const std::size_t piece = std::min(room - taken, chunk_->size() - offset_);
    std::memcpy(out + taken, chunk_->data() + offset_, piece);
    offset_ += piece;
    taken += piece;
  }
  taken_bytes_ += taken;
  return taken;
}

// libcurl repeats a request by itself when a kept-alive connection dies before an answer. Once
// content has been taken that could send a mail twice without anybody knowing (RFC 9110 section
// 9.2.2), so the upload refuses to start over. libcurl has forgotten by now what it sent; what it
// took is the most that can have left.
int CurlTransfer::seek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (transfer.taken_bytes_ == 0 && offset == 0 && origin == SEEK_SET) return CURL_SEEKFUNC_OK;
  const bool whole = transfer.taken_bytes_ == transfer.content_->size_bytes();
  transfer.sent_before_ = whole ? BodySent::whole : BodySent::partly;
  return CURL_SEEKFUNC_FAIL;
}

std::size_t CurlTransfer::write(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  std::string& body = transfer.response_.body;
  const std::size_t room = transfer.max_response_bytes_ - body.size();
  body.append(bytes, std::min(room, size * count));
  if (size * count <= room) return size * count;
  transfer.too_long_ = true;
  return 0;
}

std::size_t CurlTransfer::header(char* bytes, std::size_t size, std::size_t count, void* self) {
  constexpr std::string_view kRetryAfter = "retry-after:";
  constexpr std::string_view kErrorType = "x-amzn-errortype:";
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view line(bytes, size * count);
  transfer.header_bytes_ += line.size();
  if (transfer.header_bytes_ > kMaxHeaderBytes) {
    transfer.too_long_ = true;
    return 0;
  }
  if (istarts_with(line, kRetryAfter))
    transfer.response_.retry_after = trim(line.substr(kRetryAfter.size()));
  else if (istarts_with(line, kErrorType))
    transfer.response_.error_type = trim(line.substr(kErrorType.size()));
  return line.size();
}

BodySent CurlTransfer::body_sent() const {
  curl_off_t sent = 0;
  curl_off_t total = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_UPLOAD_T, &total);
  if (sent <= 0) return sent_before_;
  return sent < total ? BodySent::partly : BodySent::whole;
}

void CurlTransfer::finish(CURLcode code) {
  if (code == CURLE_OK) return answer(HttpFailure::none, {});
  if (too_long_) return answer(HttpFailure::response, "the answer is too long");
  if (!content_error_.empty()) return answer(HttpFailure::content, content_error_);
  answer(failure_of(code), error_[0] != '\0' ? error_.data() : curl_easy_strerror(code));
}

void CurlTransfer::abandon() {
  answer(HttpFailure::closed, "stopped while under way");
}

void CurlTransfer::answer(HttpFailure failure, std::string text) {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  response_.status = status >= 200 ? static_cast<int>(status) : 0;
  response_.failure = failure;
  response_.failure_text = std::move(text);
  response_.sent = body_sent();
  done_(std::move(response_));
}

}  // namespace postern::net

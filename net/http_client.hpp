#pragma once
// HttpClient: one HTTP request at a time as a value, its answer as a value. Called by the
// transports (and later by webhooks) from any thread. It never throws at its caller: whatever goes
// wrong is in the HttpResponse, with how much of the request's body had left by then, because that
// decides whether the other side may have acted on it.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.hpp"
#include "core/secret.hpp"

namespace postern::net {

/// One field of a multipart/form-data body (RFC 7578).
struct FormField {
  std::string name;
  std::string value;
};

/// A file part: read chunk by chunk while it is sent, never in memory as a whole.
struct FilePart {
  std::string name;
  std::string filename;
  std::string content_type;
  std::shared_ptr<const Content> content;
};

/// Signature Version 4 of a request to AWS; HttpRequest::user and password are then the access key.
struct AwsSignature {
  std::string region;
  std::string service;
  std::string session_token;   // of temporary credentials; empty: none
  std::string payload_sha256;  // hex, of `body` or `content`; may be left empty without either
};

struct HttpRequest {
  enum class Method { get, post };
  Method method = Method::get;
  std::string url;
  std::string unix_socket;  // connects there instead of to the URL's host; empty: TCP
  std::string user;         // Basic authentication, unless `aws` is set; empty: none
  Secret password;
  std::optional<AwsSignature> aws;
  std::vector<std::string> headers;  // "Name: value"
  std::vector<FormField> form;       // with a form or a file the body is multipart/form-data
  std::optional<FilePart> file;
  std::string body;                             // of a post without form and file
  std::shared_ptr<const Content> content;       // the same, read chunk by chunk; instead of `body`
  Duration timeout = std::chrono::seconds{60};  // from request() to the last byte of the answer
};

/// What broke, when no whole answer came.
enum class HttpFailure {
  none,
  resolve,
  connect,
  tls,
  timeout,
  broken,    // the connection ended early
  response,  // the answer is too long or no HTTP
  content,   // our own content could not be read
  closed,    // this client was closed
  request,   // the request makes no sense (its URL)
};

/// How much of the request's body was handed to the connection. Only a request of which the last
/// byte left can have been acted on: multipart ends with its boundary, and the length was
/// announced.
enum class BodySent { nothing, partly, whole };

struct HttpResponse {
  int status = 0;           // 0: no final status line arrived
  std::string body;         // what arrived of it, at most the client's limit
  std::string retry_after;  // the Retry-After header
  std::string error_type;   // the X-Amzn-ErrorType header, AWS's name of an error
  HttpFailure failure = HttpFailure::none;
  std::string failure_text;  // in words; empty without a failure
  BodySent sent = BodySent::nothing;
};

using HttpDone = std::function<void(HttpResponse)>;

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Calls `done` exactly once, on the client's own thread (on the caller's when the client is
  /// closed). `done` must not throw or block.
  virtual void request(HttpRequest request, HttpDone done) = 0;
};

std::string_view to_string(HttpFailure failure);

/// For one segment of a path or one value of a query: all but RFC 3986's unreserved characters
/// become %XX.
std::string percent_encode(std::string_view text);

}  // namespace postern::net

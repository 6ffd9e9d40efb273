#include "net/curl_http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/handle.hpp"
#include "core/thread_name.hpp"
#include "net/http_client_transfer.hpp"

namespace postern::net {
namespace {

// libcurl's own start, once in the process; it is thread-safe in the version we build against.
void start_libcurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error("libcurl does not start");
}

Handle<CURLM, curl_multi_cleanup> make_multi(long connections_per_host) {
  start_libcurl();
  Handle<CURLM, curl_multi_cleanup> multi(curl_multi_init());
  if (!multi) throw std::runtime_error("libcurl gives no multi handle");
  curl_multi_setopt(multi.get(), CURLMOPT_MAX_HOST_CONNECTIONS, connections_per_host);
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, connections_per_host);
  return multi;
}

HttpResponse failed(HttpFailure failure, std::string why) {
  HttpResponse response;
  response.failure = failure;
  response.failure_text = std::move(why);
  return response;
}

}  // namespace

struct CurlHttpClient::Impl {
  struct Waiting {
    HttpRequest request;
    HttpDone done;
  };

  explicit Impl(const Settings& settings)
      : limits{settings.connect_timeout, settings.idle_timeout, settings.max_response_bytes,
               settings.ca_file.string()},
        multi(make_multi(settings.connections_per_host)) {}

  void run();
  void admit(std::vector<Waiting> arrived);
  void begin(Waiting waiting);
  void collect();
  void abandon_all();
  int poll_milliseconds(const std::optional<Tick>& deadline) const;

  const CurlLimits limits;
  Handle<CURLM, curl_multi_cleanup> multi;
  std::unordered_map<CURL*, std::unique_ptr<CurlTransfer>> active;  // the curl thread's

  std::mutex mutex;
  std::vector<Waiting> waiting;       // guarded by mutex
  std::optional<Tick> stop_deadline;  // guarded by mutex; set: closing
  std::thread thread;
};

void CurlHttpClient::Impl::run() {
  for (;;) {
    std::vector<Waiting> arrived;
    std::optional<Tick> deadline;
    {
      const std::lock_guard lock(mutex);
      arrived.swap(waiting);
      deadline = stop_deadline;
    }
    admit(std::move(arrived));
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    collect();
    if (deadline && (active.empty() || std::chrono::steady_clock::now() >= *deadline)) break;
    curl_multi_poll(multi.get(), nullptr, 0, poll_milliseconds(deadline), nullptr);
  }
  abandon_all();
}

int CurlHttpClient::Impl::poll_milliseconds(const std::optional<Tick>& deadline) const {
  constexpr Duration kIdle = std::chrono::minutes{1};  // request() and close() wake the poll
  if (!deadline) return static_cast<int>(kIdle.count());
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<Duration>(left, Duration{0}, kIdle).count());
}

void CurlHttpClient::Impl::admit(std::vector<Waiting> arrived) {
  for (Waiting& next : arrived) begin(std::move(next));
}

void CurlHttpClient::Impl::begin(Waiting next) {
  std::unique_ptr<CurlTransfer> transfer;
  try {
    transfer = std::make_unique<CurlTransfer>(std::move(next.request), next.done, limits);
  } catch (const std::exception& error) {
    next.done(failed(HttpFailure::request, error.what()));
    return;
  }
  CURL* const handle = transfer->handle();
  if (const CURLMcode code = curl_multi_add_handle(multi.get(), handle); code != CURLM_OK) {
    next.done(failed(HttpFailure::request, curl_multi_strerror(code)));
    return;
  }
  active.emplace(handle, std::move(transfer));
}

void CurlHttpClient::Impl::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;  // the message dies with remove_handle
    auto transfer = active.extract(handle);
    transfer.mapped()->finish(code);
    curl_multi_remove_handle(multi.get(), handle);
  }
}

void CurlHttpClient::Impl::abandon_all() {
  for (auto& [handle, transfer] : active) {
    transfer->abandon();
    curl_multi_remove_handle(multi.get(), handle);
  }
  active.clear();
}

CurlHttpClient::CurlHttpClient(Settings settings) : impl_(std::make_unique<Impl>(settings)) {
  impl_->thread = std::thread([impl = impl_.get()] {
    name_this_thread("http client");
    impl->run();
  });
}

CurlHttpClient::~CurlHttpClient() {
  close(std::chrono::steady_clock::now());
}

void CurlHttpClient::request(HttpRequest request, HttpDone done) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->stop_deadline) {
      impl_->waiting.push_back({std::move(request), std::move(done)});
      curl_multi_wakeup(impl_->multi.get());
      return;
    }
  }
  done(failed(HttpFailure::closed, "the client is closed"));
}

void CurlHttpClient::close(Tick deadline) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop_deadline = deadline;
  }
  curl_multi_wakeup(impl_->multi.get());
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace postern::net

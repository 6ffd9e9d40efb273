#include "transports/ses_account.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "transports/ses_reply.hpp"

namespace postern::transports {

// Touched on its executor only.
struct SesAccountWatch::Timer {
  explicit Timer(const boost::asio::any_io_executor& io) : wait(io) {}
  boost::asio::steady_timer wait;
  bool is_stopped = false;
};

net::HttpRequest SesAccess::request(net::HttpRequest::Method method, std::string_view path) const {
  net::HttpRequest request;
  request.method = method;
  request.url = base_url;
  request.url += path;
  request.user = key_id.reveal();
  request.password = secret;
  request.aws = {.region = region,
                 .service = "ses",
                 .session_token = session_token.reveal(),
                 .payload_sha256 = {}};
  return request;
}

SesAccountWatch::SesAccountWatch(SesAccess access, Duration every, net::HttpClient& http,
                                 const Clock& clock, const boost::asio::any_io_executor& io)
    : access_(std::move(access)),
      every_(every),
      http_(http),
      clock_(clock),
      timer_(std::make_unique<Timer>(io)) {}

SesAccountWatch::~SesAccountWatch() = default;

void SesAccountWatch::start(std::function<void(Account)> said) {
  said_ = std::move(said);
  ask();
}

void SesAccountWatch::stop() {
  boost::asio::post(timer_->wait.get_executor(), [self = shared_from_this()] {
    self->timer_->is_stopped = true;
    self->timer_->wait.cancel();
  });
}

void SesAccountWatch::ask() {
  auto answered = [self = shared_from_this()](const net::HttpResponse& response) {
    // Believed a little longer than until the next answer can be here.
    const Time until = self->clock_.now() + self->every_ + std::chrono::seconds{10};
    self->said_(read_ses_account(response, until));
    boost::asio::post(self->timer_->wait.get_executor(), [self] { self->ask_again_later(); });
  };
  http_.request(access_.request(net::HttpRequest::Method::get, "/v2/email/account"),
                std::move(answered));
}

void SesAccountWatch::ask_again_later() {
  if (timer_->is_stopped) return;
  timer_->wait.expires_after(every_);
  timer_->wait.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->timer_->is_stopped) self->ask();
  });
}

}  // namespace postern::transports

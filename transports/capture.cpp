#include "transports/capture.hpp"

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace postern::transports {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kMaxRecipients = 1000;

/// Calls `fill` with a stream; the file appears under its name only when it is whole. Not synced:
/// captured mail is for looking at.
template <class Fill>
void write_file(const fs::path& file, Fill fill) {
  const fs::path unfinished = fs::path(file) += ".tmp";
  std::ofstream out;
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out.open(unfinished, std::ios::binary | std::ios::trunc);
  fill(out);
  out.close();
  fs::rename(unfinished, file);
}

std::string envelope_json(const Parcel& parcel) {
  const Envelope& envelope = parcel.message->envelope;
  nlohmann::json json{{"id", parcel.message->id()},
                      {"sender", envelope.sender},
                      {"recipients", nlohmann::json::array()},
                      {"message_id", parcel.message->message_id},
                      {"size", parcel.content->size_bytes()}};
  for (const std::uint32_t index : parcel.recipients)
    json["recipients"].push_back(envelope.recipients.at(index));
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Outcome write(const fs::path& directory, const Parcel& parcel) {
  std::string stem = parcel.message->id();
  if (parcel.recipients.size() < parcel.message->envelope.recipients.size())
    stem += "-" + std::to_string(parcel.recipients.front());
  write_file(directory / (stem + ".eml"), [&](std::ostream& out) {
    for (std::uint32_t i = 0; i < parcel.content->chunks(); ++i) out << *parcel.content->chunk(i);
  });
  write_file(directory / (stem + ".json"),
             [&](std::ostream& out) { out << envelope_json(parcel); });
  Outcome written = Outcome::delivered("written to " + stem + ".eml", stem);
  written.onward = Onward::arrived;
  return written;
}

class Capture final : public Transport {
 public:
  explicit Capture(const config::Transport& settings) : settings_(settings) {
    fs::create_directories(settings_.directory);
  }
  ~Capture() override { close(); }

  const std::string& name() const override { return settings_.name; }
  std::string_view type() const override { return "capture"; }
  Abilities abilities() const override {
    return {.max_message_bytes = settings_.max_message_bytes,
            .max_recipients = kMaxRecipients,
            .concurrency = settings_.concurrency,
            .rate_per_second = settings_.rate.per_second,
            .smtputf8 = true};
  }

  void deliver(Parcel parcel, Done done) override {
    auto work = [this, parcel = std::move(parcel), done = std::move(done)] {
      Outcome outcome;
      try {
        outcome = write(settings_.directory, parcel);
      } catch (const std::exception& error) {
        outcome = Outcome::unreachable(error.what());
      }
      done(Report(parcel.recipients.size(), outcome));
    };
    if (is_closed_)
      work();
    else
      boost::asio::post(thread_, std::move(work));
  }

  // Parcels whose attempts were being committed meanwhile still come; a pool that was joined would
  // keep them for ever.
  void close() override {
    thread_.join();
    is_closed_ = true;
  }

 private:
  const config::Transport settings_;
  boost::asio::thread_pool thread_{1};  // files block; the io threads must not
  std::atomic<bool> is_closed_{false};
};

}  // namespace

std::unique_ptr<Transport> make_capture(const config::Transport& settings, const Tools&) {
  return std::make_unique<Capture>(settings);
}

}  // namespace postern::transports

#include "transports/smtp_pool.hpp"

#include <algorithm>
#include <utility>

namespace postern::transports {

SmtpPool::SmtpPool(std::shared_ptr<const SmtpSettings> settings,
                   const std::vector<boost::asio::any_io_executor>& io) {
  const auto connections = std::max<std::uint32_t>(settings->connections, 1);
  const auto lanes = std::min<std::uint32_t>(static_cast<std::uint32_t>(io.size()), connections);
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const std::uint32_t share = connections / lanes + (i < connections % lanes ? 1 : 0);
    lanes_.push_back(std::make_shared<SmtpLane>(settings, io[i], share));
  }
}

SmtpPool::~SmtpPool() {
  close();
}

void SmtpPool::submit(Parcel parcel, Done done) {
  // a/b < c/d without dividing
  const auto less_busy = [](const auto& a, const auto& b) {
    return std::uint64_t{a->load()} * b->max_connections() <
           std::uint64_t{b->load()} * a->max_connections();
  };
  const auto& lane = *std::min_element(lanes_.begin(), lanes_.end(), less_busy);
  lane->submit({std::move(parcel), std::move(done), {}, false});
}

void SmtpPool::close() {
  for (const auto& lane : lanes_) lane->close();
}

}  // namespace postern::transports

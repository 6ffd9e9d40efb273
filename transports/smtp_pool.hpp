#pragma once
// Spreads the messages of one SMTP transport over its lanes, one per io thread; each message goes
// to the lane that has the least to do for its connections. Thread-safe.
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <vector>

#include "transports/smtp_lane.hpp"

namespace postern::transports {

class SmtpPool {
 public:
  /// `io`: one executor per io thread, at least one. The connections are divided among them.
  SmtpPool(std::shared_ptr<const SmtpSettings> settings,
           const std::vector<boost::asio::any_io_executor>& io);
  /// Closes; messages under way still end and tell so.
  ~SmtpPool();

  void submit(Parcel parcel, Done done);
  void close();

 private:
  std::vector<std::shared_ptr<SmtpLane>> lanes_;
};

}  // namespace postern::transports

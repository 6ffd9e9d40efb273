#pragma once
// /api/v1/messages: list, show, body and the operator's verbs. Called by Api on its own threads;
// stateless, thread-safe. What it throws (a broken store) becomes a 503 there.
#include <boost/asio/any_io_executor.hpp>

#include "admin/reply.hpp"
#include "delivery/control.hpp"
#include "queue/store.hpp"

namespace postern::admin {

class Messages {
 public:
  static constexpr std::uint32_t kUsualPage = 100;
  static constexpr std::uint32_t kMaxPage = 1000;
  static constexpr std::size_t kMaxPageBytes = 1024 * 1024;  // a page ends early above it

  /// All outlive this object. `blocking`: where bodies may be read from disk.
  Messages(queue::Reader& reader, delivery::Control& control, const Clock& clock,
           boost::asio::any_io_executor blocking);

  /// {"messages":[...],"next":cursor or null}
  void list(Call call);
  void show(Call call);
  void body(Call call);
  /// {"verb":...,"changed":deliveries,"possible_duplicates":...}; 404 unknown, 409 nothing fits.
  void steer_one(Call call);
  /// The same for all that match; needs a filter or all=true.
  void steer_many(Call call);

 private:
  queue::Reader& reader_;
  delivery::Control& control_;
  const Clock& clock_;
  boost::asio::any_io_executor blocking_;
};

}  // namespace postern::admin

#pragma once
// Parcels for the tests of transports.
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "transports/transport.hpp"

namespace postern::transports {

inline std::shared_ptr<Message> a_message(std::vector<std::string> recipients,
                                          const std::string& content) {
  auto message = std::make_shared<Message>();
  message->no = MessageNo{123456789};
  message->envelope.sender = "from@x.com";
  message->envelope.recipients = std::move(recipients);
  message->sender_domain = "x.com";
  message->message_id = "<1@x.com>";
  message->size_bytes = content.size();
  const auto end = content.find("\r\n\r\n");
  message->header_bytes =
      static_cast<std::uint32_t>(end == std::string::npos ? content.size() : end + 4);
  return message;
}

/// For all recipients of the message.
inline Parcel a_parcel(std::vector<std::string> recipients,
                       const std::string& content = "Message-ID: <1@x.com>\r\n\r\nhello\r\n") {
  Parcel parcel;
  parcel.message = a_message(std::move(recipients), content);
  parcel.content = std::make_shared<MemoryContent>(content);
  for (std::uint32_t i = 0; i < parcel.message->envelope.recipients.size(); ++i)
    parcel.recipients.push_back(i);
  parcel.provider_domain = "mg.x.com";
  parcel.ehlo_name = "x.com";
  return parcel;
}

/// Waits for the report.
inline Report deliver(Transport& transport, Parcel parcel) {
  std::promise<Report> report;
  transport.deliver(std::move(parcel), [&](Report r) { report.set_value(std::move(r)); });
  return report.get_future().get();
}

}  // namespace postern::transports

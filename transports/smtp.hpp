#pragma once
// The smtp transport: relays through a smarthost (RFC 5321) over pooled connections, with STARTTLS
// or implicit TLS and AUTH. Signs with DKIM where the transport says dkim = "relay".
#include <memory>
#include <string>

#include "config/config.hpp"
#include "transports/registry.hpp"
#include "transports/smtp_pool.hpp"
#include "transports/transport.hpp"

namespace postern::transports {

class Smtp final : public Transport {
 public:
  Smtp(std::string name, std::uint64_t max_message_bytes, double rate_per_second,
       std::shared_ptr<const SmtpSettings> settings,
       const std::vector<boost::asio::any_io_executor>& io);

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "smtp"; }
  Abilities abilities() const override;
  void deliver(Parcel parcel, Done done) override;
  void close() override { pool_.close(); }

 private:
  std::string name_;
  std::uint64_t max_message_bytes_;
  double rate_per_second_;
  std::uint32_t connections_;
  bool can_require_tls_;
  SmtpPool pool_;
};

/// Throws when ca_file cannot be used.
std::unique_ptr<Transport> make_smtp(const config::Transport& settings, const Tools& tools);

}  // namespace postern::transports

#pragma once
// What systemd passes to a service and wants to hear from it, spoken without libsystemd
// (sd_listen_fds(3), sd_notify(3)). Used by app/ and, for the sockets, by smtpd/server.
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace postern::net {

/// A listening socket that was open when this process began. Whoever uses it takes a dup(2).
struct InheritedSocket {
  int descriptor = -1;
  boost::asio::ip::tcp::endpoint bound;
  std::string name;  // FileDescriptorName= of the .socket unit, else the unit's name
};

/// What the environment says of passed sockets: the values of LISTEN_PID, LISTEN_FDS and
/// LISTEN_FDNAMES.
struct ListenVariables {
  std::optional<std::string> pid;
  std::optional<std::string> count;
  std::optional<std::string> names;  // separated by colons
};

/// One name for each passed socket; empty: none was, or they are for another process.
Result<std::vector<std::string>> passed_names(const ListenVariables& variables, std::uint64_t pid);

/// Error: `descriptor` is not a listening TCP socket.
Result<InheritedSocket> inspect_socket(int descriptor, std::string name);

/// The sockets that this process was started with; they will not outlive an exec(2).
Result<std::vector<InheritedSocket>> inherited_sockets();

/// Tells the service manager ("READY=1"); without one ($NOTIFY_SOCKET) nothing happens. A manager
/// that does not listen is its own problem: errors are ignored. Thread-safe.
void notify_service_manager(std::string_view state);
/// "RELOADING=1" with the time that systemd wants with it.
void notify_reloading();

}  // namespace postern::net

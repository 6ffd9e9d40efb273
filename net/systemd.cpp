#include "net/systemd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "core/text.hpp"

namespace postern::net {
namespace {

using boost::asio::ip::tcp;

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t kMostPassed = 1024;

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

int option_of(int descriptor, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

Result<std::vector<std::string>> passed_names(const ListenVariables& variables, std::uint64_t pid) {
  if (!variables.count) return std::vector<std::string>{};
  if (!variables.pid || parse_number(*variables.pid) != pid) return std::vector<std::string>{};
  const auto count = parse_number(*variables.count);
  if (!count || *count > kMostPassed)
    return Error{"LISTEN_FDS is \"" + escape(*variables.count) + "\", not a number of sockets"};
  std::vector<std::string> names;
  if (variables.names && *count > 0)
    for (const std::string_view name : split(*variables.names, ':')) names.emplace_back(name);
  if (variables.names && names.size() != *count)
    return Error{"LISTEN_FDNAMES has " + std::to_string(names.size()) + " names for " +
                 std::to_string(*count) + " sockets"};
  names.resize(*count, "unknown");
  return names;
}

Result<InheritedSocket> inspect_socket(int descriptor, std::string name) {
  const auto not_ours = [&](const std::string& what) {
    return Error{"descriptor " + std::to_string(descriptor) + " (" + escape(name) +
                 "), which was passed by the service manager, is " + what};
  };
  const int family = option_of(descriptor, SO_DOMAIN);
  if (family < 0) return not_ours("not a socket");
  if ((family != AF_INET && family != AF_INET6) || option_of(descriptor, SO_TYPE) != SOCK_STREAM)
    return not_ours("not a TCP socket");
  if (option_of(descriptor, SO_ACCEPTCONN) != 1) return not_ours("not listening (Accept=no?)");
  tcp::endpoint bound;
  auto size = static_cast<socklen_t>(bound.capacity());
  if (getsockname(descriptor, bound.data(), &size) != 0) return not_ours("not bound");
  bound.resize(size);
  return InheritedSocket{descriptor, bound, std::move(name)};
}

Result<std::vector<InheritedSocket>> inherited_sockets() {
  const auto names =
      passed_names({variable("LISTEN_PID"), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES")},
                   static_cast<std::uint64_t>(getpid()));
  if (!names) return names.error();
  std::vector<InheritedSocket> sockets;
  for (std::size_t i = 0; i < names->size(); ++i) {
    const int descriptor = kFirstPassed + static_cast<int>(i);
    auto socket = inspect_socket(descriptor, (*names)[i]);
    if (!socket) return socket.error();
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

void notify_service_manager(std::string_view state) {
  const auto path = variable("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!path || path->empty() || path->size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path->data(), path->size());
  if (path->front() == '@') address.sun_path[0] = '\0';  // the abstract name space of unix(7)
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());
  [[maybe_unused]] const auto sent =
      sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&address), size);
  close(descriptor);
}

void notify_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::uint64_t microseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
                                     static_cast<std::uint64_t>(now.tv_nsec) / 1000;
  notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

}  // namespace postern::net

#include "cli/txt_record.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace postern::cli {
namespace {

constexpr std::size_t kAnswerBytes = 16 * 1024;

// RDATA of a TXT record: strings, each after a byte that gives its length (RFC 1035
// section 3.3.14).
std::string join_strings(std::string_view rdata) {
  std::string text;
  while (!rdata.empty()) {
    const auto length = static_cast<unsigned char>(rdata.front());
    rdata.remove_prefix(1);
    text += rdata.substr(0, length);
    rdata.remove_prefix(std::min<std::size_t>(length, rdata.size()));
  }
  return text;
}

struct ResolverState {
  struct __res_state state {};
  bool ready = res_ninit(&state) == 0;
  ~ResolverState() {
    if (ready) res_nclose(&state);
  }
};

}  // namespace

Result<std::string> txt_record(const std::string& name) {
  ResolverState resolver;
  if (!resolver.ready) return Error{"the system's resolver is not configured"};
  std::array<unsigned char, kAnswerBytes> answer{};
  const int length = res_nquery(&resolver.state, name.c_str(), ns_c_in, ns_t_txt, answer.data(),
                                static_cast<int>(answer.size()));
  if (length < 0) {
    const int fault = resolver.state.res_h_errno;
    if (fault == HOST_NOT_FOUND || fault == NO_DATA) return Error{"no TXT record at " + name};
    return Error{"DNS gave no answer for " + name};
  }
  ns_msg message{};
  if (ns_initparse(answer.data(), std::min<int>(length, kAnswerBytes), &message) == 0) {
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
      ns_rr record{};
      if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == ns_t_txt)
        return join_strings({reinterpret_cast<const char*>(ns_rr_rdata(record)),
                             static_cast<std::size_t>(ns_rr_rdlen(record))});
    }
  }
  return Error{"no TXT record at " + name};
}

}  // namespace postern::cli

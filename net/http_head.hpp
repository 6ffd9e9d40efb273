#pragma once
// What an HTTP/1.1 request head must look like before Beast parses it. Beast is lenient where
// proxies and servers disagree (folded lines, repeated lengths); such requests are refused here.
//
// Called by net/http_server. Pure. RFC 9112 sections 2.2, 5.2, 6.1 to 6.3; RFC 9110 section 7.2.
#include <cstddef>
#include <string_view>

namespace postern::net {

struct HeadCheck {
  enum class Verdict {
    partial,    // no empty line yet: read on
    whole,      // `bytes` are the head, the empty line included
    malformed,  // answer 400 and close
  };
  Verdict verdict = Verdict::partial;
  std::size_t bytes = 0;
};

/// Judges the head at the start of `received`. Malformed: NUL, bare CR or LF, a folded line, a
/// repeated or absent Host, a Content-Length that is repeated or not a number, a Transfer-Encoding
/// that is not exactly "chunked" or comes with a Content-Length.
HeadCheck check_head(std::string_view received);

}  // namespace postern::net

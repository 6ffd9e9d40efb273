#pragma once
// Names the calling thread as operators see it in `top -H`, `perf` and a debugger.
#include <pthread.h>

namespace postern {

/// `name`: at most 15 characters, or it is not set.
inline void name_this_thread(const char* name) {
  pthread_setname_np(pthread_self(), name);
}

}  // namespace postern

#pragma once
// How the price of some work grows with its input, in processor time of this thread: a ratio of one
// run, so that neither the machine's speed nor what else it does decides.
#include <time.h>

#include <algorithm>
#include <cstddef>

namespace postern::tests {

/// work(size) at four times the size, as a multiple of work(size): about 4 when linear, 16 when
/// quadratic. The cheapest of five runs each.
template <class Work>
double growth_at_four_times(std::size_t size, const Work& work) {
  const auto price = [&work](std::size_t of) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      timespec began{};
      timespec ended{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
      work(of);
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
      best = std::min(best, static_cast<double>(ended.tv_sec - began.tv_sec) +
                                static_cast<double>(ended.tv_nsec - began.tv_nsec) / 1e9);
    }
    return best;
  };
  return price(4 * size) / price(size);
}

/// Between linear and quadratic, nearer the latter: caches and allocators grow a little, too.
inline constexpr double kStillLinear = 10;

}  // namespace postern::tests

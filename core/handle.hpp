#pragma once
// Handle: ownership of a C library's object, released with the library's own function.
#include <memory>

namespace postern {

template <auto Release>
struct Releaser {
  template <class T>
  void operator()(T* object) const noexcept {
    Release(object);
  }
};

/// Handle<EVP_PKEY, EVP_PKEY_free>
template <class T, auto Release>
using Handle = std::unique_ptr<T, Releaser<Release>>;

}  // namespace postern

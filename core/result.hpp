#pragma once
// Result<T>: a value, or why the input gave none. For input that is wrong or absent; broken
// infrastructure throws, and a failed delivery is an Outcome (core/outcome.hpp).
#include <boost/system/result.hpp>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace postern {

/// Why an operation on input failed; `what` is a sentence fit for an operator.
struct Error {
  Error() = default;  // boost::system::result::error() wants it
  // Braces only: were Error constructible from a string, Result<std::string> could not tell them
  // apart.
  Error(std::initializer_list<std::string> sentence) : what(*sentence.begin()) {}
  std::string what;
};

/// Called by Result<T>::value() when there is none.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.what);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace postern

#pragma once
// Secret: a credential that cannot slip into a log. Printing it gives ***; reveal() is the one way
// to the bytes, and easy to search for.
#include <ostream>
#include <string>
#include <utility>

namespace postern {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string bytes_;
};

}  // namespace postern

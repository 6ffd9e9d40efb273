#pragma once
// A section's settings, named once (sections.cpp) and visited thrice: Reader fills them from a
// file, Writer shows them, KeyNames lists them. Adding a setting is a member in config.hpp and a
// line in sections.cpp. The typed functions here turn every kind of setting into one of a few.
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace postern::config {

enum class Presence { optional, required };

/// Inclusive.
template <class T>
struct Bounds {
  T least{};
  T most{};
};

constexpr Bounds<Duration> kAnyDuration{0ms, 87'600h};
constexpr Bounds<Duration> kSomeDuration{1ms, 87'600h};

/// A word of a setting with a fixed choice. Words of a later version are known, and refused.
struct Word {
  std::string_view text;
  bool built = true;
};

class Fields {
 public:
  virtual ~Fields() = default;

  /// Takes the text of a setting; answers what is wrong with it.
  using Parse = std::function<std::optional<std::string>(const std::string& text)>;
  /// A setting written as a string. `shown`: what the setting is now; nullopt: not set.
  virtual void string(std::string_view key, Presence presence, const Parse& parse,
                      const std::optional<std::string>& shown) = 0;
  /// A list of strings; `parse` takes one, `clear` is called first when the key is there.
  virtual void list(std::string_view key, const std::function<void()>& clear, const Parse& parse,
                    const std::optional<std::vector<std::string>>& shown) = 0;
  virtual void flag(std::string_view key, bool& value) = 0;
  virtual void number(std::string_view key, std::uint32_t& value, Bounds<std::uint32_t> bounds) = 0;
  virtual void secret(std::string_view key, Presence presence, Secret& value) = 0;

  void text(std::string_view key, std::string& value, Presence presence = Presence::optional);
  /// A word fit for logs, metrics and command lines: letters, digits, "-", "_" and ".".
  void name(std::string_view key, std::string& value, Presence presence = Presence::optional);
  /// A DNS name or address literal; kept in lower case. `star`: "*" is one, too.
  void host(std::string_view key, std::string& value, Presence presence, bool star = false);
  void url(std::string_view key, std::string& value);
  void directory(std::string_view key, std::filesystem::path& value, Presence presence);
  /// A file that must be there and readable.
  void file(std::string_view key, std::filesystem::path& value);
  /// The same, with certificates in PEM.
  void certificates(std::string_view key, std::filesystem::path& value);
  void duration(std::string_view key, Duration& value, Bounds<Duration> bounds);
  void size(std::string_view key, std::uint64_t& value, Bounds<std::uint64_t> bounds);
  void rate(std::string_view key, Rate& value);
  void retry(std::string_view key, RetrySchedule& value);
  void endpoint(std::string_view key, Endpoint& value);
  /// An empty string: none.
  void endpoint(std::string_view key, std::optional<Endpoint>& value);
  void networks(std::string_view key, std::vector<Network>& value);
  void names(std::string_view key, std::vector<std::string>& value);
  /// Domain names, kept in lower case.
  void domains(std::string_view key, std::vector<std::string>& value);
  /// A region as AWS names it: "eu-west-1".
  void region(std::string_view key, std::string& value, Presence presence);
  /// A list of "name=value", of letters, digits, "-" and "_".
  void tags(std::string_view key, std::vector<Tag>& value);
  void port(std::string_view key, std::uint16_t& value);
  /// One of a fixed choice; the enumeration's values are the words' places.
  template <class Enum>
  void word(std::string_view key, Enum& value, std::span<const Word> words) {
    std::optional<std::size_t> index = static_cast<std::size_t>(value);
    choice(key, Presence::optional, index, words);
    value = static_cast<Enum>(*index);
  }
  template <class Enum>
  void word(std::string_view key, std::optional<Enum>& value, std::span<const Word> words) {
    std::optional<std::size_t> index;
    if (value) index = static_cast<std::size_t>(*value);
    choice(key, Presence::optional, index, words);
    if (index) value = static_cast<Enum>(*index);
  }
  /// The same for a setting kept as its word.
  void word(std::string_view key, std::string& value, Presence presence,
            std::span<const Word> words);

 private:
  void choice(std::string_view key, Presence presence, std::optional<std::size_t>& index,
              std::span<const Word> words);
};

}  // namespace postern::config

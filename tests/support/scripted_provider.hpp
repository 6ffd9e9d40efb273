#pragma once
// A scripted provider (tests/support/scripted_NAME.py) as a child process of a C++ test. It ends
// when its standard input closes, so also when the test crashes.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/curl_http_client.hpp"

extern char** environ;

namespace postern::testing {

/// Sends one request and waits for the answer.
inline net::HttpResponse ask(net::HttpClient& http, net::HttpRequest request) {
  std::promise<net::HttpResponse> answer;
  http.request(std::move(request), [&](net::HttpResponse r) { answer.set_value(std::move(r)); });
  return answer.get_future().get();
}

class ScriptedProvider {
 public:
  static constexpr const char* kKey = "test-key";

  /// `program`: "scripted_ses.py"; `arguments` as in its usage, "--tls" for example.
  explicit ScriptedProvider(const std::string& program,
                            const std::vector<std::string>& arguments = {}) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("pipe2 failed");
    std::vector<std::string> words{"/usr/bin/python3",
                                   POSTERN_SOURCE_DIR "/tests/support/" + program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    const int failed = ::posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    leash_ = in[1];
    if (failed != 0) throw std::runtime_error("cannot start " + words[1]);
    std::FILE* said = ::fdopen(out[0], "r");
    if (std::fscanf(said, "%d", &port_) != 1) throw std::runtime_error(words[1] + " says no port");
    std::fclose(said);
  }
  ~ScriptedProvider() {
    ::close(leash_);
    ::waitpid(child_, nullptr, 0);
  }
  ScriptedProvider(const ScriptedProvider&) = delete;
  ScriptedProvider& operator=(const ScriptedProvider&) = delete;

  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + authority(); }

  /// R"({"steps": [{"status": 403, "body": {"message": "..."}}]})"
  void script(const std::string& order) { post("/_script", order); }
  /// Forgets everything.
  void reset() { post("/_reset", "{}"); }
  /// JSON, as documented in the program.
  std::string received() { return get("/_received?raw=1"); }
  std::string requests() { return get("/_requests"); }
  /// One of the counts in requests().
  int count(const std::string& what) {
    const std::string counts = requests();
    const auto at = counts.find("\"" + what + "\": ");
    if (at == std::string::npos) throw std::runtime_error("no count of " + what);
    return std::stoi(counts.substr(at + what.size() + 4));
  }
  /// Waits until a count is reached; for what happens on the server's side only.
  void await(const std::string& what, int value) {
    while (count(what) < value) std::this_thread::yield();
  }

 protected:
  void post(const std::string& path, const std::string& order) {
    net::HttpRequest request;
    request.method = net::HttpRequest::Method::post;
    request.url = url() + path;
    request.body = order;
    if (ask(control_, std::move(request)).status != 200)
      throw std::runtime_error("the scripted provider refuses " + path);
  }

 private:
  std::string get(const std::string& path) {
    net::HttpRequest request;
    request.url = url() + path;
    return ask(control_, std::move(request)).body;
  }

  pid_t child_ = 0;
  int leash_ = -1;
  int port_ = 0;
  net::CurlHttpClient control_{{}};
};

}  // namespace postern::testing

#pragma once
// Where the attempts of one flight lead, gathered recipient by recipient: the working values of
// Engine::settle, shared by the files that implement it (settle.cpp, given_up.cpp).
#include <array>

#include "delivery/engine.hpp"

namespace postern::delivery {

struct Engine::Settlement {
  const Flight& flight;
  Lane& lane;
  Lane::Tally& tally;
  Duration took;
  Time now;
  std::vector<TransportIndex> tried;  // in this cycle, this transport included
  std::optional<Choice> others;       // the choice without those tried
  std::optional<Choice> any;          // the choice among all
  std::unique_ptr<Job> onward;        // takes another way together
  std::unique_ptr<Job> left_out;      // takes this way again together
  std::vector<std::unique_ptr<Job>> singles;
  std::array<std::vector<News>, 4> news;  // by mail::Action
  std::vector<queue::Record> records;     // of the failed

  std::vector<News>& of(mail::Action action) { return news.at(static_cast<std::size_t>(action)); }
  const Job& job() const { return *flight.job; }
  const std::string& recipient(const Copy& copy) const {
    return job().message->envelope.recipients[copy.index];
  }
};

}  // namespace postern::delivery

#include "delivery/attempt.hpp"

#include <algorithm>
#include <iterator>

namespace postern::delivery {

std::unique_ptr<Job> Job::sibling() const {
  auto job = std::make_unique<Job>();
  job->message = message;
  job->content = content;
  job->domain = domain;
  job->tried = tried;
  job->preferred = preferred;
  job->left_because = left_because;
  job->doubt = doubt;
  job->doubtful_transport = doubtful_transport;
  job->singly = singly;
  job->deferred_in_cycle = deferred_in_cycle;
  job->refused_in_cycle = refused_in_cycle;
  return job;
}

bool take_notice(Copy& copy, Time now) {
  if (!copy.notice_at || now < *copy.notice_at) return false;
  copy.notice_at.reset();
  return true;
}

std::unique_ptr<Job> portion(Job& job, std::uint32_t max_recipients) {
  const std::size_t most = job.singly ? 1 : std::max<std::size_t>(1, max_recipients);
  const auto cut =
      job.deliveries.begin() + static_cast<std::ptrdiff_t>(std::min(most, job.deliveries.size()));
  auto part = job.sibling();
  part->deliveries.assign(std::make_move_iterator(job.deliveries.begin()),
                          std::make_move_iterator(cut));
  job.deliveries.erase(job.deliveries.begin(), cut);
  return part;
}

}  // namespace postern::delivery

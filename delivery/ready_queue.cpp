#include "delivery/ready_queue.hpp"

#include <iterator>
#include <utility>

namespace postern::delivery {

Turns::Jobs& Turns::jobs_of(DomainIndex domain) {
  if (jobs_.size() <= domain) jobs_.resize(domain + 1U);
  if (!jobs_[domain]) jobs_[domain] = std::make_unique<Jobs>();
  return *jobs_[domain];
}

void Turns::push(std::unique_ptr<Job> job) {
  const DomainIndex domain = job->domain;
  Jobs& jobs = jobs_of(domain);
  if (jobs.empty()) turns_.push_back(domain);
  // Nearly all mail has the same priority: then this looks at the last one only.
  auto place = jobs.end();
  while (place != jobs.begin() && (*std::prev(place))->message->priority < job->message->priority)
    --place;
  jobs.insert(place, std::move(job));
  ++size_;
}

void Turns::push_front(std::unique_ptr<Job> job) {
  const DomainIndex domain = job->domain;
  Jobs& jobs = jobs_of(domain);
  if (jobs.empty()) turns_.push_back(domain);
  jobs.push_front(std::move(job));
  ++size_;
}

void Turns::rotate() {
  if (turns_.size() < 2) return;
  turns_.push_back(turns_.front());
  turns_.pop_front();
}

std::unique_ptr<Job> Turns::pop() {
  Jobs& jobs = *jobs_[turn()];
  std::unique_ptr<Job> job = std::move(jobs.front());
  jobs.pop_front();
  --size_;
  if (jobs.empty())
    turns_.pop_front();
  else
    rotate();
  return job;
}

std::vector<std::unique_ptr<Job>> Turns::take_turns_jobs() {
  Jobs& jobs = *jobs_[turn()];
  std::vector<std::unique_ptr<Job>> taken(std::make_move_iterator(jobs.begin()),
                                          std::make_move_iterator(jobs.end()));
  jobs.clear();
  size_ -= taken.size();
  turns_.pop_front();
  return taken;
}

std::unique_ptr<Job> ReadyQueue::pop(Turns& turns) {
  since_bulk_ = &turns == &of(true) || of(true).empty() ? 0 : since_bulk_ + 1;
  return turns.pop();
}

std::vector<std::unique_ptr<Job>> ReadyQueue::take_all() {
  std::vector<std::unique_ptr<Job>> taken;
  taken.reserve(size());
  for (Turns& turns : classes_)
    while (!turns.empty())
      for (std::unique_ptr<Job>& job : turns.take_turns_jobs()) taken.push_back(std::move(job));
  return taken;
}

}  // namespace postern::delivery

#include "queue/store.hpp"
#include "queue/committer.hpp"

#include "smtpd/session.hpp"
#include "smtpd/policy.hpp"

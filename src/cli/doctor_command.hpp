// The options of `doctor`.
#pragma once

#include "cli/flags.hpp"

namespace urb {

struct DoctorOptions {
  bool calibrate = false;
};

void declare_doctor(Flags& flags, DoctorOptions& options);

}  // namespace urb

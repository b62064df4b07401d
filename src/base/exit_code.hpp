// What the program ends with.
#pragma once

namespace urb {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;  ///< of `compare`, any failure: its 1 means "worse"
inline constexpr int kExitUnsupported = 77;

}  // namespace urb

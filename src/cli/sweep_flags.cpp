// The flags of `sweep`.
#include "cli/flags.hpp"

namespace urb {

void Flags::declare_sweep() {
  app_.add_option("--kernel", options_.sweep.kernels,
                  "a kernel to boot, and a folder with modules for it; repeatable")
      ->type_name("VMLINUZ[,DIR]")
      ->allow_extra_args(false)
      ->required();
  add_parsed("--accel", "auto|kvm|tcg",
             "kvm: measure time; tcg: count instructions; auto: kvm where it works", "auto",
             [&sweep = options_.sweep](const std::string& text) {
               if (text == "auto") {
                 sweep.accel = AccelChoice::automatic;
               } else if (text == "kvm") {
                 sweep.accel = AccelChoice::kvm;
               } else if (text == "tcg") {
                 sweep.accel = AccelChoice::tcg;
               } else {
                 throw CLI::ValidationError("not one of auto, kvm, tcg");
               }
             });
  app_.add_option("--repeats", options_.sweep.repeats, "boots of each kernel")
      ->check(CLI::Range(1U, 1000U).description(""))
      ->type_name("N")
      ->capture_default_str();
  app_.add_option("-o,--output", options_.sweep.folder, "folder of the files of rows, one a kernel")
      ->type_name("DIR")
      ->capture_default_str();
  add_duration("--patience", "for a guest to boot, and between two rows", "2m",
               options_.sweep.patience, "zero would wait for no guest");
}

}  // namespace urb

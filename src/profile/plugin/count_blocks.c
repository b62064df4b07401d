// A plugin for QEMU's TCG: executed instructions by translated block, between two marks.
//
// A block is known by its address. Code of two address spaces at one address would share a count:
// in a guest of `sweep` there is only one program. When the guest executes `begin`, all counts go
// to zero. When it executes `end`, those that are not zero are appended to a file as one window. So
// nothing but an addition to each block is executed in the window itself.
//
// The interface is QEMU's (docs/devel/tcg-plugins.rst, include/qemu/qemu-plugin.h). No package has
// that header, so what is used of it is declared here. URB_PLUGIN_API is its version: 1 in QEMU 6.2
// to 8.2, 2 from 9.0 on. The second replaced the addition to an address by one to a "scoreboard",
// an array that has an element for each processor. A guest here has one processor.
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_info;  // of the machine, not read here

#ifndef URB_PLUGIN_API
#define URB_PLUGIN_API 1
#endif

enum { kNoRegisters = 0 };  // QEMU_PLUGIN_CB_NO_REGS
enum { kAdd = 0 };          // QEMU_PLUGIN_INLINE_ADD_U64

typedef void (*translated_fn)(plugin_id id, struct qemu_plugin_tb* block);
typedef void (*executed_fn)(unsigned vcpu, void* data);

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translated_fn call);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb* block);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb* block, executed_fn call,
                                                 int flags, void* data);

EXPORT int qemu_plugin_version = URB_PLUGIN_API;
EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info* info, int argc, char** argv);

// A boot and all of its cells translate some 100,000 blocks.
#define BLOCKS_MAX (1u << 20)
#define SLOTS (BLOCKS_MAX * 2)  // of the hash table, a power of two

#if URB_PLUGIN_API == 1

extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb* block, int operation,
                                                     void* counter, uint64_t value);
static uint64_t* executed_of_all;
static bool make_counts(void) {
  executed_of_all = calloc(BLOCKS_MAX, sizeof *executed_of_all);
  return executed_of_all != NULL;
}
static uint64_t* executed(void) { return executed_of_all; }
static void count_each(struct qemu_plugin_tb* block, uint32_t index, uint64_t instructions) {
  qemu_plugin_register_vcpu_tb_exec_inline(block, kAdd, &executed_of_all[index], instructions);
}

#else

struct qemu_plugin_scoreboard;
struct scoreboard_entry {  // qemu_plugin_u64
  struct qemu_plugin_scoreboard* score;
  size_t offset;
};
extern struct qemu_plugin_scoreboard* qemu_plugin_scoreboard_new(size_t element_size);
extern void* qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard* score, unsigned vcpu);
extern void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb* block,
                                                              int operation,
                                                              struct scoreboard_entry entry,
                                                              uint64_t value);
static struct qemu_plugin_scoreboard* executed_of_all;
static bool make_counts(void) {
  executed_of_all = qemu_plugin_scoreboard_new(BLOCKS_MAX * sizeof(uint64_t));
  return executed_of_all != NULL;
}
static uint64_t* executed(void) { return qemu_plugin_scoreboard_find(executed_of_all, 0); }
static void count_each(struct qemu_plugin_tb* block, uint32_t index, uint64_t instructions) {
  const struct scoreboard_entry entry = {executed_of_all, index * sizeof(uint64_t)};
  qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(block, kAdd, entry, instructions);
}

#endif

static uint64_t* addresses;       // of the blocks
static uint32_t block_count = 1;  // the first is for what does not fit: of no address
static uint32_t* slots;           // indices of blocks, 0 where free
static uint64_t begin_address;
static uint64_t end_address;
static int output = -1;
static bool is_counting;

static void fail(const char* what) {
  fprintf(stderr, "uring-bench profile: %s: %s\n", what, strerror(errno));
  _exit(1);
}

static uint32_t find_block(uint64_t address) {
  uint32_t slot = (uint32_t)((address * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % SLOTS;
  for (; slots[slot] != 0; slot = (slot + 1) % SLOTS) {
    if (addresses[slots[slot]] == address) return slots[slot];
  }
  if (block_count == BLOCKS_MAX) return 0;
  slots[slot] = block_count;
  addresses[block_count] = address;
  return block_count++;
}

static void append(const void* bytes, size_t length) {
  const char* at = bytes;
  while (length > 0) {
    const ssize_t written = write(output, at, length);
    if (written < 0 && errno != EINTR) fail("write of a window");
    if (written < 0) continue;
    at += written;
    length -= (size_t)written;
  }
}

static void begin_window(unsigned vcpu, void* data) {
  (void)vcpu;
  (void)data;
  memset(executed(), 0, block_count * sizeof(uint64_t));
  is_counting = true;
}

// The number of blocks, then an address and its instructions for each: words of 64 bits in the
// order of this machine, which reads them again.
static void end_window(unsigned vcpu, void* data) {
  (void)vcpu;
  (void)data;
  if (!is_counting) return;
  is_counting = false;
  const uint64_t* const counts = executed();
  uint64_t* const window = malloc((1 + 2 * (size_t)block_count) * sizeof *window);
  if (window == NULL) fail("memory for a window");
  size_t words = 1;
  for (uint32_t index = 0; index < block_count; ++index) {
    if (counts[index] == 0) continue;
    window[words++] = addresses[index];
    window[words++] = counts[index];
  }
  window[0] = words / 2;
  append(window, words * sizeof *window);
  free(window);
}

static void translated(plugin_id id, struct qemu_plugin_tb* block) {
  (void)id;
  const uint64_t address = qemu_plugin_tb_vaddr(block);
  count_each(block, find_block(address), qemu_plugin_tb_n_insns(block));
  if (address == begin_address) {
    qemu_plugin_register_vcpu_tb_exec_cb(block, begin_window, kNoRegisters, NULL);
  } else if (address == end_address) {
    qemu_plugin_register_vcpu_tb_exec_cb(block, end_window, kNoRegisters, NULL);
  }
}

static const char* value_of(const char* argument, const char* name) {
  const size_t length = strlen(name);
  return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

int qemu_plugin_install(plugin_id id, const struct qemu_info* info, int argc, char** argv) {
  (void)info;
  for (int index = 0; index < argc; ++index) {
    const char* value = NULL;
    if ((value = value_of(argv[index], "begin=")) != NULL) {
      begin_address = strtoull(value, NULL, 0);
    } else if ((value = value_of(argv[index], "end=")) != NULL) {
      end_address = strtoull(value, NULL, 0);
    } else if ((value = value_of(argv[index], "output=")) != NULL) {
      output = open(value, O_WRONLY | O_APPEND | O_CLOEXEC);
      if (output < 0) fail(value);
    }
  }
  if (begin_address == 0 || end_address == 0 || output < 0) {
    fprintf(stderr, "uring-bench profile: begin=ADDRESS,end=ADDRESS,output=FILE are needed\n");
    return 1;
  }
  addresses = calloc(BLOCKS_MAX, sizeof *addresses);
  slots = calloc(SLOTS, sizeof *slots);
  if (addresses == NULL || slots == NULL || !make_counts()) fail("memory for the counts");
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}

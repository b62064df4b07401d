// The order of things on the page.
#include "report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "report/pictures.hpp"
#include "report/routing_table.hpp"
#include "report/section_tables.hpp"
#include "report/tables.hpp"
#include "row/repeated_rows.hpp"

namespace urb {
namespace {

class Writer {
 public:
  explicit Writer(bool with_pictures) : with_pictures_{with_pictures} {}

  void heading(int level, std::string_view text) {
    add(fmt::format("{} {}\n", std::string(static_cast<std::size_t>(level), '#'), text));
  }
  /// An empty line before each, none for nothing.
  void add(const std::string& text) {
    if (text.empty()) return;
    if (!page_.markdown.empty()) page_.markdown += '\n';
    page_.markdown += text;
  }
  /// Headings of a run's tables are headings here too.
  void add(const Report& report, int level) {
    for (const Block& block : report) {
      if (block.kind != Block::Kind::heading) {
        add(block.text);
        continue;
      }
      heading(level, std::string_view{block.text}.substr(0, block.text.find('\n')));
    }
  }
  void add(std::optional<Picture> picture) {
    if (!picture || !with_pictures_) return;
    add(fmt::format("![{}]({}.svg)\n", picture->alt, picture->name));
    page_.pictures.push_back(*std::move(picture));
  }
  [[nodiscard]] bool has_pictures() const noexcept { return with_pictures_; }
  [[nodiscard]] Page take() { return std::move(page_); }

 private:
  Page page_;
  bool with_pictures_;
};

std::string suffix(std::size_t index) { return index == 0 ? "" : fmt::format("-{}", index + 1); }

bool has_figures(const std::vector<Cell>& cells) {
  return std::any_of(cells.begin(), cells.end(),
                     [](const Cell& cell) { return cell.has_figures(); });
}

// A point of a growth curve, say: its pictures would be one panel each, and many.
bool is_single_cell(const std::vector<Cell>& cells) {
  return std::all_of(cells.begin(), cells.end(), [&](const Cell& cell) {
    return cell.body == cells.front().body && cell.reuse == cells.front().reuse;
  });
}

void add_setting(Writer& writer, const Setting& setting, bool is_first, const std::string& name) {
  const std::vector<Cell> cells = make_cells(setting.rows);
  writer.heading(3, escape_markdown(setting.title));
  if (!is_first && is_single_cell(cells)) {
    writer.add(trial_latency_table(cells));
    return;
  }
  writer.add(study_tables(cells), 4);
  if (!has_figures(cells)) return;
  if (writer.has_pictures()) writer.heading(4, "Throughput");
  writer.add(throughput_picture(cells, "throughput" + name));
  writer.heading(4, "Latency");
  writer.add(latency_picture(cells, "latency" + name));
  writer.add(trial_latency_table(cells));
  writer.add(
      "Latencies are the medians of the trials' own percentiles, unlike those at the end of a run, "
      "which are of all "
      "requests together: rows do not carry them.\n");
  writer.heading(4, "CPU time");
  writer.add(cpu_picture(cells, "cpu" + name));
  Report cpu = cpu_table(cells);
  cpu.erase(cpu.begin());
  writer.add(cpu, 4);
  writer.add(kernel_work_table(cells), 4);
  writer.add(routing_table(cells), 4);
}

void add_times(Writer& writer, const Section& section, std::size_t index) {
  const Row& first = section.rows.front();
  writer.heading(2,
                 fmt::format("Linux {}, method {}", escape_markdown(first.kernel), first.method));
  writer.add(context_list(section));
  const std::vector<Picture> growth = growth_pictures(section, "growth" + suffix(index));
  for (std::size_t setting = 0; setting < section.settings.size(); ++setting) {
    add_setting(writer, section.settings[setting], setting == 0,
                suffix(index) + (setting == 0 ? "" : fmt::format("-setting-{}", setting + 1)));
    if (setting != 0 || growth.empty() || !writer.has_pictures()) continue;
    writer.heading(3, "Growth");
    for (const Picture& picture : growth) writer.add(picture);
  }
  if (const std::string table = operations_table(section.operations); !table.empty()) {
    writer.heading(3, "Single kernel operations");
    writer.add(table);
    writer.add("For one operation, with the CPU time of its process and of its io-wq threads.\n");
  }
}

void add_counts(Writer& writer, const Section& section, std::size_t index) {
  writer.heading(2, fmt::format("Instructions by kernel, method {}", section.rows.front().method));
  writer.add(context_list(section));
  writer.add(
      "Counted in an emulator, client and server together: no times, and no figure of a "
      "real processor, but "
      "what a kernel executes for a request.\n");
  for (std::size_t setting = 0; setting < section.settings.size(); ++setting) {
    const Setting& chosen = section.settings[setting];
    writer.heading(3, "Per request: " + escape_markdown(chosen.title));
    writer.add(instructions_picture(
        chosen.rows,
        fmt::format("instructions{}{}", suffix(index),
                    setting == 0 ? "" : fmt::format("-setting-{}", setting + 1)),
        Kind::requests));
    writer.add(instructions_table(chosen.rows));
    writer.add(instruction_shares_table(chosen.rows));
  }
  if (section.operations.empty()) return;
  writer.heading(3, "Per single kernel operation");
  writer.add(
      instructions_picture(section.operations, "operations" + suffix(index), Kind::operations));
  writer.add(instructions_table(section.operations));
}

void add_files(Writer& writer, const std::vector<InputFile>& files) {
  std::string text;
  for (const InputFile& file : files) {
    text += fmt::format("- {}: {} row{}", escape_markdown(file.name), file.rows.size(),
                        file.rows.size() == 1 ? "" : "s");
    if (file.repeated != 0) text += "; beside them, " + describe_repeated(file.repeated);
    text += '\n';
  }
  writer.add(text);
}

std::string separation_note(const std::vector<Section>& sections) {
  if (sections.size() < 2) return "";
  std::set<std::uint64_t> methods;
  for (const Section& section : sections) methods.insert(section.rows.front().method);
  std::string note =
      "Rows of different kernels, machines or methods are in sections of their own; times of one "
      "section do not compare "
      "with those of another but by `uring-bench compare`, which says what it refuses.";
  if (methods.size() > 1) {
    note += fmt::format(
        " There are {} methods: what lies between them is the meter's change, not the kernel's.",
        methods.size());
  }
  return note + "\n";
}

}  // namespace

Page make_page(const std::vector<InputFile>& files, bool with_pictures) {
  const std::vector<Section> sections = collect(files);
  if (sections.empty()) {
    std::string names;
    for (const InputFile& file : files) names += (names.empty() ? "" : ", ") + file.name;
    throw UsageError(names + ": no rows (measure first: uring-bench all)");
  }
  Writer writer{with_pictures};
  writer.heading(1, "uring-bench report");
  add_files(writer, files);
  writer.add(separation_note(sections));
  std::size_t time_count = 0;
  std::size_t count_count = 0;
  std::vector<Row> rows;
  for (const Section& section : sections) {
    if (section.is_count) {
      add_counts(writer, section, count_count++);
    } else {
      add_times(writer, section, time_count++);
    }
    rows.insert(rows.end(), section.rows.begin(), section.rows.end());
  }
  if (const std::string table = refusals_table(rows); !table.empty()) {
    writer.heading(2, "What has no figures");
    writer.add(table);
  }
  if (const std::string list = warnings_list(rows); !list.empty()) {
    writer.heading(2, "Warnings");
    writer.add(list);
  }
  return writer.take();
}

}  // namespace urb

#include "report/markdown_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "report/boot_table.hpp"
#include "report/context.hpp"
#include "report/count_tables.hpp"
#include "report/markdown.hpp"
#include "report/ratio_table.hpp"
#include "report/remarks.hpp"
#include "report/routing_table.hpp"
#include "report/tables.hpp"
#include "row/repeated_rows.hpp"

namespace urb {
namespace {

class Writer {
 public:
  void heading(int level, std::string_view text) {
    add(fmt::format("{} {}\n", std::string(static_cast<std::size_t>(level), '#'), text));
  }
  /// An empty line before each, none for nothing.
  void add(const std::string& text) {
    if (text.empty()) return;
    if (!text_.empty()) text_ += '\n';
    text_ += text;
  }
  /// Headings of a run's tables are headings here too.
  void add(const Report& report, int level) {
    for (const Block& block : report) {
      if (block.kind == Block::Kind::heading) {
        heading(level, std::string_view{block.text}.substr(0, block.text.find('\n')));
      } else {
        add(block.text);
      }
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

bool has_figures(const std::vector<Cell>& cells) {
  return std::any_of(cells.begin(), cells.end(),
                     [](const Cell& cell) { return cell.has_figures(); });
}

// A point of a growth curve, say: one table is enough.
bool is_single_workload(const std::vector<Cell>& cells) {
  return std::all_of(cells.begin(), cells.end(), [&](const Cell& cell) {
    return cell.body == cells.front().body && cell.reuse == cells.front().reuse;
  });
}

void add_findings(Writer& writer, const Setting& setting, const std::vector<Ranking>& rankings) {
  std::string text;
  for (const Ranking& ranking : rankings) {
    if (ranking.setting != &setting || ranking.lead.certainty == Certainty::alone) continue;
    text += fmt::format("- {}, {}, {}: {}", format_body(ranking.body),
                        ranking.reuse ? "reuse" : "no reuse", ranking.metric->name,
                        escape_markdown(ranking.lead.text));
    if (ranking.reference && ranking.reference->certainty == Certainty::sure) {
      text += " " + escape_markdown(ranking.reference->text);
    }
    text += '\n';
  }
  if (text.empty()) return;
  writer.add(escape_markdown(setting.title) + ":\n");
  writer.add(text);
}

void add_all_findings(Writer& writer, const Analysis& analysis) {
  const auto says_something = [](const Ranking& ranking) {
    return ranking.lead.certainty != Certainty::alone;
  };
  const std::vector<Ranking>& rankings = analysis.rankings();
  if (std::none_of(rankings.begin(), rankings.end(), says_something)) return;
  writer.heading(2, "What was found");
  for (const Section& section : analysis.sections()) {
    const auto is_here = [&](const Ranking& ranking) {
      return ranking.section == &section && says_something(ranking);
    };
    if (std::none_of(rankings.begin(), rankings.end(), is_here)) continue;
    writer.heading(3, escape_markdown(title_of(section)));
    for (const Setting& setting : section.settings) {
      add_findings(writer, setting, rankings);
    }
  }
  writer.add(
      "A ratio is that of the rounds that both were in, with its 95 % confidence interval (signed "
      "ranks). An order is claimed only where the interval excludes 1.\n");
}

void add_setting(Writer& writer, const Setting& setting, bool is_first) {
  const std::vector<Cell>& cells = setting.cells;
  writer.heading(3, escape_markdown(setting.title));
  if (!is_first && is_single_workload(cells)) {
    Report latency = latency_table(cells, RateColumn::shown);
    if (!latency.empty()) writer.add(latency[1].text);
    writer.add(disturbed_note(cells));
    return;
  }
  writer.add(ratio_table(cells), 4);
  writer.add(study_tables(cells), 4);
  if (!has_figures(cells)) return;
  writer.add(latency_table(cells, RateColumn::shown), 4);
  writer.add(cpu_table(cells), 4);
  writer.add(boot_table(cells), 4);
  writer.add(kernel_work_table(cells), 4);
  writer.add(routing_table(cells), 4);
}

void add_operations(Writer& writer, const Setting& setting, bool is_count) {
  writer.heading(3, "S" + escape_markdown(setting.title).substr(1));  // it begins with one
  if (is_count) {
    writer.add(instructions_table(setting.cells));
    return;
  }
  writer.add(operations_table(setting.cells));
  writer.add("For one operation, with the CPU time of its process and of its io-wq threads.\n");
}

void add_counts(Writer& writer, const Setting& setting) {
  writer.heading(3, "Per request: " + escape_markdown(setting.title));
  writer.add(instructions_table(setting.cells));
  writer.add(instruction_shares_table(setting.cells));
}

void add_section(Writer& writer, const Section& section) {
  writer.heading(2, escape_markdown(title_of(section)));
  std::string context;
  for (const auto& [name, value] : context_of(section)) {
    context += fmt::format("- {}: {}\n", name, escape_markdown(value));
  }
  writer.add(context);
  if (section.is_count) writer.add(fmt::format("{}\n", kCountsNote));
  for (const Setting& setting : section.settings) {
    if (setting.is_operations) {
      add_operations(writer, setting, section.is_count);
    } else if (section.is_count) {
      add_counts(writer, setting);
    } else {
      add_setting(writer, setting, &setting == &section.settings.front());
    }
  }
}

void add_files(Writer& writer, const std::vector<Analysis::File>& files) {
  std::string text;
  for (const Analysis::File& file : files) {
    text += fmt::format("- {}: {} row{}", escape_markdown(file.name), file.row_count,
                        file.row_count == 1 ? "" : "s");
    if (file.repeated != 0) text += "; beside them, " + describe_repeated(file.repeated);
    text += '\n';
  }
  writer.add(text);
}

std::string separation_note(const std::vector<Section>& sections) {
  if (sections.size() < 2) return "";
  std::set<std::uint64_t> methods;
  for (const Section& section : sections) methods.insert(section.rows.front()->method);
  std::string note =
      "Rows of different kernels, machines or methods are in sections of their own. Only "
      "`uring-bench compare` holds times of two sections against each other, and it says what it "
      "refuses.";
  if (methods.size() > 1) {
    note += fmt::format(
        " There are {} methods: what lies between them is the meter's change, not the kernel's.",
        methods.size());
  }
  return note + "\n";
}

}  // namespace

std::string make_markdown_report(const Analysis& analysis) {
  Writer writer;
  writer.heading(1, "uring-bench report");
  add_all_findings(writer, analysis);
  writer.heading(2, "Files");
  add_files(writer, analysis.files());
  writer.add(separation_note(analysis.sections()));
  for (const Section& section : analysis.sections()) add_section(writer, section);
  if (const std::string table = refusals_table(analysis.rows()); !table.empty()) {
    writer.heading(2, "What has no figures");
    writer.add(table);
  }
  if (const std::string list = warnings_list(analysis.rows()); !list.empty()) {
    writer.heading(2, "Warnings");
    writer.add(list);
  }
  return writer.take();
}

}  // namespace urb

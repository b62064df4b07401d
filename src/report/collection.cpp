#include "report/collection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "mode/mode_looks.hpp"
#include "report/builds.hpp"
#include "report/guest.hpp"
#include "report/releases.hpp"

namespace urb {
namespace {

bool is_operation(const Row& row) { return row.mode.starts_with("micro-"); }

// What a refused trial would have been can only be told from the machine: an emulated one counts.
bool belongs_to_counts(const Row& row) {
  return row.instructions_per_request.has_value() ||
         (row.status != Status::ok && row.accelerator == "tcg");
}

bool belongs_to_times(const Row& row) {
  return !belongs_to_counts(row) || row.requests_per_s.has_value();
}

std::string section_key(const Row& row, bool is_count, const Compilers& compilers) {
  std::string meter = fmt::format("{}\n{}\n{}\n{}", row.method, row.accelerator,
                                  virtual_machine(row), compilers.of(row));
  // The emulator executes the same instructions on every host.
  if (is_count) return meter;
  // Older rows do not say that they are of loopback.
  const std::string_view link = row.link == "lo" ? "" : std::string_view{row.link};
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", meter, row.kernel, row.machine,
                     row.cpu_model, row.cpus.value_or(0), row.mitigations, row.lo_mtu.value_or(0),
                     link, row.server_host, row.client_host);
}

// Modes are names in tables and headings, and a file may hold anything.
std::string plain_name(std::string name) {
  for (char& c : name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          std::string_view{"-_.+:/[]?= "}.find(c) != std::string_view::npos;
    if (!is_plain) c = '_';
  }
  return name;
}

// "passthru copy", where rows of several data paths are there.
class Labels {
 public:
  explicit Labels(const std::vector<Row>& rows) {
    for (const Row& row : rows) relays_[row.mode].insert(row.relay);
  }
  [[nodiscard]] std::string label_of(const Row& row) const {
    if (!row.url.empty()) return plain_name(row.url);
    const bool is_one_of_several = relays_.at(row.mode).size() > 1 && !row.relay.empty();
    std::string label = row.mode;
    if (is_one_of_several) label += " " + row.relay;
    if (has_policy_of_its_own(row.mode, row.policy)) label += " " + row.policy;
    const std::string tls = row.tls.substr(0, row.tls.find('+'));
    if (!tls.empty() && tls != "off") label += " tls=" + tls;
    return plain_name(label);
  }

 private:
  std::map<std::string, std::set<std::string>> relays_;
};

// In the order of the list of modes. What is none of ours comes last.
std::size_t rank_of(std::string_view mode) {
  const auto modes = mode_looks();
  const auto found = std::find_if(modes.begin(), modes.end(),
                                  [mode](const ModeLook& look) { return look.name == mode; });
  return static_cast<std::size_t>(found - modes.begin());
}

bool comes_before(const Cell& left, const Cell& right) {
  const auto key = [](const Cell& cell) {
    return std::make_tuple(rank_of(cell.mode), std::string_view{cell.label}, cell.body.value,
                           cell.reuse);
  };
  if (key(left) != key(right)) return key(left) < key(right);
  return is_older_release(left.kernel, right.kernel);
}

// The settings of one section, filled row by row.
class Settings {
 public:
  Settings(const Labels& labels, const std::vector<const Row*>& rows)
      : labels_{labels}, reader_{requests_of(rows)} {
    for (const Row* const row : rows) {
      if (!row->kernel_config.empty()) configs_[row->kernel].insert(row->kernel_config);
    }
  }

  void add(const Row& row, std::size_t place) {
    // A kernel that did not start has refused all cells at once.
    if (row.status != Status::ok && row.workers == 0 && !is_operation(row)) return;
    Entry& entry = entry_of(row);
    ++entry.row_count;
    const auto key = std::make_tuple(row.mode, row.relay, row.policy, row.tls, row.url, row.kernel,
                                     row.body_bytes, row.reuse);
    const auto [found, is_new] = entry.places.try_emplace(key, entry.setting.cells.size());
    if (is_new) {
      entry.setting.cells.push_back(Cell{.mode = row.mode,
                                         .relay = row.relay,
                                         .policy = row.policy,
                                         .tls = row.tls,
                                         .url = row.url,
                                         .label = labels_.label_of(row),
                                         .kernel = row.kernel,
                                         .body = Bytes{row.body_bytes},
                                         .reuse = row.reuse});
    }
    Cell& cell = entry.setting.cells[found->second];
    cell.add(row);
    cell.row_places.push_back(place);
  }

  // The one with most rows first, single operations last.
  [[nodiscard]] std::vector<Setting> take() {
    const auto place = [most = most_rows()](const Entry& entry) {
      return std::make_tuple(entry.setting.is_operations, entry.row_count != most,
                             number(entry, "workers"), number(entry, "connections"),
                             number(entry, "response_bytes"));
    };
    std::stable_sort(entries_.begin(), entries_.end(), [&](const Entry& left, const Entry& right) {
      return place(left) < place(right);
    });
    std::vector<Setting> settings;
    for (Entry& entry : entries_) {
      std::stable_sort(entry.setting.cells.begin(), entry.setting.cells.end(), comes_before);
      settings.push_back(std::move(entry.setting));
    }
    return settings;
  }

 private:
  using CellKey = std::tuple<std::string, std::string, std::string, std::string, std::string,
                             std::string, std::uint64_t, bool>;
  struct Entry {
    Setting setting;
    std::size_t row_count = 0;
    std::map<CellKey, std::size_t> places;
  };

  static std::vector<const Row*> requests_of(std::vector<const Row*> rows) {
    std::erase_if(rows, [](const Row* row) { return is_operation(*row); });
    return rows;
  }

  static std::uint64_t number(const Entry& entry, const std::string& column) {
    const std::string value = value_of(entry.setting.values, column);
    return value.empty() ? 0 : std::stoull(value);
  }

  [[nodiscard]] std::size_t most_rows() const {
    std::size_t most = 0;
    for (const Entry& entry : entries_) {
      if (!entry.setting.is_operations) most = std::max(most, entry.row_count);
    }
    return most;
  }

  Entry& entry_of(const Row& row) {
    const bool is_single = is_operation(row);
    SettingValues values = is_single ? SettingValues{} : reader_.values_of(row);
    // Two builds of one release are two kernels.
    if (const auto configs = configs_.find(row.kernel);
        configs != configs_.end() && configs->second.size() > 1) {
      values.emplace_back("kernel_config", row.kernel_config);
    }
    const auto [found, is_new] = by_values_.try_emplace({is_single, values}, entries_.size());
    if (is_new) {
      Setting& setting = entries_.emplace_back().setting;
      setting.title = title_of(values);
      if (is_single) {
        const std::string more = setting.title.empty() ? "" : ", " + setting.title;
        setting.title = "single kernel operations" + more;
      }
      setting.values = std::move(values);
      setting.is_operations = is_single;
    }
    return entries_[found->second];
  }

  const Labels& labels_;
  SettingReader reader_;
  std::map<std::string, std::set<std::string>> configs_;  ///< by kernel, of all its rows
  std::vector<Entry> entries_;
  std::map<std::pair<bool, SettingValues>, std::size_t> by_values_;
};

void number_all(std::vector<Section>& sections) {
  std::size_t setting_id = 0;
  std::size_t cell_id = 0;
  for (std::size_t id = 0; id < sections.size(); ++id) {
    sections[id].id = id;
    for (Setting& setting : sections[id].settings) {
      setting.id = setting_id++;
      for (Cell& cell : setting.cells) cell.id = cell_id++;
    }
  }
}

}  // namespace

std::vector<Section> collect(const std::vector<Row>& rows) {
  const Labels labels{rows};
  const Compilers compilers{rows};
  std::vector<Section> sections;
  for (const bool is_count : {false, true}) {
    std::map<std::string, Section> by_key;
    for (const Row& row : rows) {
      if (is_count ? !belongs_to_counts(row) : !belongs_to_times(row)) continue;
      Section& section = by_key[section_key(row, is_count, compilers)];
      section.is_count = is_count;
      section.rows.push_back(&row);
    }
    for (auto& [key, section] : by_key) sections.push_back(std::move(section));
  }
  std::stable_sort(sections.begin(), sections.end(), [](const Section& left, const Section& right) {
    const Row& first = *left.rows.front();
    const Row& second = *right.rows.front();
    if (left.is_count != right.is_count) return right.is_count;
    if (first.method != second.method) return first.method > second.method;
    return is_older_release(first.kernel, second.kernel);
  });
  for (Section& section : sections) {
    Settings settings{labels, section.rows};
    for (const Row* const row : section.rows) {
      settings.add(*row, static_cast<std::size_t>(row - rows.data()));
    }
    section.settings = settings.take();
  }
  number_all(sections);
  return sections;
}

bool is_own_mode(std::string_view mode) noexcept { return rank_of(mode) != mode_looks().size(); }

}  // namespace urb

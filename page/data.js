// What the report holds, found by what a reader chooses. It knows no element of the page, so that
// tools/render-pictures uses it as it is.
'use strict';

// Colours that stay apart for colour-blind readers; the first for light pages, the second for dark.
const MODE_COLOURS = {
  'cluster': ['#0072b2', '#5aaee6'],
  'socket': ['#d55e00', '#f28e4c'],
  'passthru': ['#008a63', '#3cc79c'],
  'direct': ['#6b6f76', '#a9adb5'],
  'msgring': ['#a8478f', '#dc93c6'],
  'msgring-head': ['#b07d00', '#e8b93e'],
};
const OTHER_COLOURS = [['#882255', '#d2739c'], ['#2b8c84', '#6fd0c0'], ['#7d7d1f', '#c5c55f'],
  ['#332288', '#968eea'], ['#661100', '#c9826a'], ['#3f7cac', '#9cc4ee']];

class Report {
  constructor(json) {
    if (json.format !== 'uring-bench-report-1') {
      throw new Error(`this page reads uring-bench-report-1, not "${json.format}"`);
    }
    Object.assign(this, json);
    this.profiles = json.profiles ?? {files: [], cells: []};
    this.byId = new Map();
    for (const list of [this.sections, this.settings, this.cells]) {
      for (const entry of list) this.byId.set(entry.id, entry);
    }
    this.metricByName = new Map(this.metrics.map((metric) => [metric.name, metric]));
    this.cellsBySetting = group(this.cells, (cell) => cell.setting);
    this.settingsBySection = group(this.settings, (setting) => setting.section);
    this.rankingsBySetting = group(this.rankings, (ranking) => ranking.setting);
    this.warningTexts = new Map(this.warnings.map((warning) => [warning.name, warning.text]));
    this.modes = distinct(this.cells.map((cell) => cell.mode));
    this.labelsByMode = group(distinct(this.cells.map((cell) => `${cell.mode}\n${cell.label}`))
        .map((key) => key.split('\n')), ([mode]) => mode);
  }

  profileOf(id) { return this.profiles.cells.find((cell) => cell.id === id); }
  cellsOf(setting) { return this.cellsBySetting.get(setting) ?? []; }
  settingsOf(section) { return this.settingsBySection.get(section) ?? []; }

  /// One colour a mode, the same in every picture and table.
  colour(mode, dark) {
    const own = MODE_COLOURS[mode];
    const others = this.modes.filter((name) => !(name in MODE_COLOURS));
    return (own ?? OTHER_COLOURS[others.indexOf(mode) % OTHER_COLOURS.length])[dark ? 1 : 0];
  }

  /// Ways of one mode (relays, say) share its colour and differ in shape: 0, 1, 2 or 3.
  variant(cell) {
    const labels = this.labelsByMode.get(cell.mode).map(([, label]) => label);
    return labels.indexOf(cell.label) % 4;
  }

  /// Metrics that have a figure in one of the cells.
  metricsOf(cells) {
    return this.metrics.filter((metric) => cells.some((cell) => cell.metrics[metric.name]));
  }

  /// Settings that differ from this one in one numeric column only, in the order of its values.
  siblings(setting, column) {
    const key = (other) => JSON.stringify(
        Object.entries(other.values).filter(([name]) => name !== column).sort());
    return this.settingsOf(setting.section)
        .filter((other) => isNumeric(other.values[column]) && key(other) === key(setting))
        .sort((left, right) => left.values[column] - right.values[column]);
  }

  /// What figures can grow over here, the first being what shows most.
  waysToShow(setting) {
    const cells = this.cellsOf(setting.id);
    const count = (key) => new Set(cells.map(key)).size;
    const growing = [];
    if (count((cell) => cell.kernel) > 1) growing.push({name: 'kernel', label: 'kernel'});
    const sizes = count((cell) => cell.body_bytes);
    const bySize = {name: 'body_bytes', label: 'body size'};
    if (sizes > 3) growing.push(bySize);
    const few = [{name: 'mode', label: 'mode'}];
    if (sizes === 3) few.push(bySize);
    for (const [column, value] of Object.entries(setting.values)) {
      if (isNumeric(value) && this.siblings(setting, column).length > 1) {
        few.push({name: column, label: column.replaceAll('_', ' ')});
      }
    }
    return [...growing, ...few];
  }

  /// The cells of a choice, in the order of the report.
  select(choice) {
    const setting = this.byId.get(choice.setting);
    if (!setting) return [];
    const alongSetting = choice.along in setting.values;
    const settings = alongSetting ? this.siblings(setting, choice.along) : [setting];
    return settings.flatMap((one) => this.cellsOf(one.id)).filter((cell) =>
      (choice.kernel === '' || cell.kernel === choice.kernel) &&
      (choice.body === '' || String(cell.body_bytes) === choice.body) &&
      (choice.reuse === '' || cell.reuse === (choice.reuse === 'yes')) &&
      !choice.hidden.includes(cell.label));
  }
}

/// Values of settings are texts.
function isNumeric(text) { return /^\d+(\.\d+)?$/.test(String(text)); }

function distinct(values) { return [...new Set(values)]; }

function group(list, key) {
  const groups = new Map();
  for (const entry of list) {
    if (!groups.has(key(entry))) groups.set(key(entry), []);
    groups.get(key(entry)).push(entry);
  }
  return groups;
}

/// What a cell is, beside its mode: "1 MB, connections reused".
function configuration(cell) {
  return `${bytes(cell.body_bytes)}, ${reuseText(cell.reuse)}`;
}

function isDisturbed(cell) { return cell.warnings.length > 0; }

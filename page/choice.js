// What the reader has chosen, kept in the address after "#", so that a link shows the same.
// A link may come from another report: what does not exist here falls back to what does.
'use strict';

const KEYS = ['section', 'setting', 'metric', 'along', 'kernel', 'body', 'reuse', 'kind', 'first',
  'second', 'cell', 'profile', 'before', 'after'];

function readChoice(report, hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const choice = {hidden: given.getAll('hide')};
  for (const key of KEYS) choice[key] = given.get(key) ?? '';
  return complete(report, choice);
}

function writeChoice(choice) {
  const written = new URLSearchParams();
  for (const key of KEYS) if (choice[key] !== '') written.set(key, choice[key]);
  for (const label of choice.hidden) written.append('hide', label);
  return `#${written}`;
}

/// What can be chosen, each list in the order in which it is offered. Later lists depend on what
/// was chosen in earlier ones.
function complete(report, choice) {
  const options = {};
  const settle = (key, entries, fallback) => {
    options[key] = entries;
    if (!entries.some((entry) => entry.value === choice[key])) choice[key] = fallback ?? '';
  };
  const sections = report.sections.map(({id, title}) => ({value: id, text: title}));
  settle('section', sections, newestSection(report).id);
  const settings = report.settingsOf(choice.section).map(({id, title}) =>
    ({value: id, text: title}));
  settle('setting', settings, settings[0]?.value);
  const setting = report.byId.get(choice.setting);
  const cells = setting ? report.cellsOf(setting.id) : [];

  const metrics = report.metricsOf(cells).map(({name, label}) => ({value: name, text: label}));
  const first = sectionOf(report, choice).counts ?
    metrics.find(({value}) => value === 'instructions_per_request') : null;
  settle('metric', metrics, (first ?? metrics[0])?.value);
  const ways = setting ? report.waysToShow(setting) : [];
  settle('along', ways.map(({name, label}) => ({value: name, text: label})), ways[0]?.name);

  const kernels = distinct(cells.map((cell) => cell.kernel));
  const oneKernel = kernels.length > 1 && choice.along !== 'kernel';
  settle('kernel', oneKernel ? kernels.map((value) => ({value, text: value})) : [],
      oneKernel ? kernels.at(-1) : '');
  const sizes = distinct(cells.map((cell) => cell.body_bytes)).sort((a, b) => a - b);
  settle('body', choice.along === 'body_bytes' || sizes.length < 2 ? [] : [
    {value: '', text: 'every size'},
    ...sizes.map((size) => ({value: String(size), text: bytes(size)}))]);
  settle('reuse', distinct(cells.map((cell) => cell.reuse)).length < 2 ? [] : [
    {value: '', text: 'both ways'}, {value: 'no', text: reuseText(false)},
    {value: 'yes', text: reuseText(true)}]);
  choice.hidden = choice.hidden.filter((label) => cells.some((cell) => cell.label === label));
  settlePair(report, choice, settle, cells);
  settleProfile(report, choice, settle);
  if (!report.byId.has(choice.cell)) choice.cell = '';
  return {choice, options};
}

/// Kernels of one section of counts, or sections of times, of which a method measures several.
function kernelsToCompare(report, choice, cells) {
  const section = sectionOf(report, choice);
  if (section.counts) {
    const kernels = distinct(cells.map((cell) => cell.kernel));
    return {entries: kernels.map((value) => ({value, text: value})), usual: kernels.slice(-2)};
  }
  const sections = report.sections.filter((one) => !one.counts);
  const other = sections.find((one) => one !== section && one.method === section.method) ??
    sections.find((one) => one !== section);
  return {entries: sections.map(({id, title}) => ({value: id, text: title})),
    usual: [section.id, other?.id]};
}

function settlePair(report, choice, settle, cells) {
  const kernels = kernelsToCompare(report, choice, cells);
  const modes = distinct(cells.map((cell) => cell.label)).map((value) => ({value, text: value}));
  const kinds = [{value: 'modes', text: 'two modes'}];
  if (kernels.entries.length > 1) kinds.push({value: 'kernels', text: 'two kernels'});
  settle('kind', kinds, 'modes');
  const entries = choice.kind === 'modes' ? modes : kernels.entries;
  const usual = choice.kind === 'modes' ? modes.map(({value}) => value) : kernels.usual;
  settle('first', entries, usual[0]);
  const rest = entries.filter((entry) => entry.value !== choice.first);
  settle('second', rest, usual.find((value) => value !== choice.first));
}

/// The cell that most kernels have, and of them the oldest and the newest.
function settleProfile(report, choice, settle) {
  const {cells} = report.profiles;
  const most = Math.max(...cells.map(({kernels}) => kernels.length));
  settle('profile', cells.map(({id, name}) => ({value: id, text: name})),
      cells.find(({kernels}) => kernels.length === most)?.id);
  const kernels = (report.profileOf(choice.profile)?.kernels ?? []).map(({name}) =>
    ({value: name, text: name}));
  settle('before', kernels, kernels[0]?.value);
  settle('after', kernels, kernels.at(-1)?.value);
}

function sectionOf(report, choice) { return report.byId.get(choice.section); }

/// The newest kernel with times by the newest method. The report orders kernels by age.
function newestSection(report) {
  const times = report.sections.filter((section) => !section.counts);
  const method = Math.max(...times.map((section) => section.method));
  return times.filter((section) => section.method === method).at(-1) ?? report.sections.at(-1);
}

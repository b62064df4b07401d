// Two modes or two kernels beside each other. The ratio of two modes and its interval come from the
// report, which takes them within a round. Two kernels were not measured in the same rounds, so
// they have no ratio: their medians and intervals stand side by side. Whether a difference is sure
// is not judged here: the report knows more than an interval, and says it in what was found.
'use strict';

function drawComparison(page) {
  const {choice} = page;
  if (!page.report.metricByName.has(choice.metric)) {
    byId('comparison').replaceChildren(nothing('There are no figures to compare.'));
    return;
  }
  const table = choice.kind === 'kernels' ? kernelTable(page) : modeTable(page);
  byId('comparison').replaceChildren(table);
}

function nothing(text) { return element('p', {class: 'note'}, text); }

function modeTable(page) {
  const {report, choice} = page;
  const cells = report.cellsOf(choice.setting);
  const metric = report.metricByName.get(choice.metric);
  const firsts = cells.filter((cell) => cell.label === choice.first);
  const pairs = firsts.map((first) => pairOf(page, first, cells.find((second) =>
    second.label === choice.second && second.body_bytes === first.body_bytes &&
    second.reuse === first.reuse && second.kernel === first.kernel))).filter((pair) => pair);
  if (pairs.length === 0) return nothing('These two were not measured in the same configuration.');
  const ratios = pairs.filter((pair) => pair.ratio);
  if (ratios.length === 0) {
    return sideBySide(page, pairs, [choice.first, choice.second],
        `${metric.label}: not taken within a round, so medians side by side`);
  }
  const [of, to] = ratios[0].names;
  return new Table({
    caption: `${metric.label}: ${of} ÷ ${to}, within a round`,
    rows: pairs,
    columns: [
      ...configurationColumns(),
      medianColumn(metric, of, (pair) => report.byId.get(pair.ratio?.of ?? pair.first.id)),
      medianColumn(metric, to, (pair) => report.byId.get(pair.ratio?.to ?? pair.second.id)),
      {title: 'Ratio', isNumber: true, key: (pair) => pair.ratio?.median,
        cell: (pair) => figure(pair.ratio?.median)},
      {title: 'Interval', className: 'quiet', key: (pair) => pair.ratio?.low,
        cell: (pair) => interval(pair.ratio) || '–'},
      {title: 'Ratio and interval', className: 'wide',
        hint: 'The line in the middle means "the same"', key: (pair) => pair.ratio?.median,
        text: () => '',
        cell: (pair) => pair.ratio ? ratioOf(pair.ratio, widestRatio(ratios)) : ''},
      {title: 'Confidence', isNumber: true, hint: 'Of the interval',
        key: (pair) => pair.ratio?.confidence, cell: (pair) => percent(pair.ratio?.confidence)},
      {title: 'Rounds', isNumber: true, key: (pair) => pair.ratio?.n,
        cell: (pair) => String(pair.ratio?.n ?? '–')},
      ...(pairs.some((pair) => pair.difference) ? [{
        title: metric.unit ? `Difference, ${metric.unit}` : 'Difference', isNumber: true,
        hint: 'The median of the differences within a round',
        key: (pair) => pair.difference?.median,
        cell: (pair) => figure(pair.difference?.median).replace('-', '−')}] : []),
    ],
  }).node;
}

/// The report has each pair once, in the order of its cells.
function pairOf({report, choice, comparisons}, first, second) {
  if (!second) return null;
  const find = (kind) => comparisons.get(`${kind} ${first.id} ${second.id} ${choice.metric}`) ??
    comparisons.get(`${kind} ${second.id} ${first.id} ${choice.metric}`);
  const ratio = find('ratio');
  const names = ratio && [report.byId.get(ratio.of).label, report.byId.get(ratio.to).label];
  return {id: first.id, first, second, ratio, difference: find('difference'), names};
}

function widestRatio(pairs) {
  const sizes = pairs.flatMap(({ratio}) => [ratio.median, ratio.low, ratio.high])
      .filter((value) => value > 0).map((value) => Math.abs(Math.log(value)));
  return Math.max(0.1, ...sizes) * 1.05;
}

function kernelTable(page) {
  const {report, choice} = page;
  const chosen = report.byId.get(choice.setting);
  const sides = sectionOf(report, choice).counts ?
    [choice.first, choice.second].map((kernel) =>
      report.cellsOf(chosen.id).filter((cell) => cell.kernel === kernel)) :
    [choice.first, choice.second].map((section) => report.settingsOf(section)
        .filter((setting) => setting.title === chosen.title)
        .flatMap((setting) => report.cellsOf(setting.id)));
  const key = (cell) => `${cell.label}\n${cell.body_bytes}\n${cell.reuse}`;
  const seconds = new Map(sides[1].map((cell) => [key(cell), cell]));
  const pairs = sides[0].filter((cell) => seconds.has(key(cell)))
      .map((first) => ({id: first.id, first, second: seconds.get(key(first))}));
  if (pairs.length === 0) return nothing('The two kernels share no configuration in this setting.');
  const names = [pairs[0].first.kernel, pairs[0].second.kernel];
  const methods = choice.kind === 'kernels' && !sectionOf(report, choice).counts ?
    distinct([choice.first, choice.second].map((id) => report.byId.get(id).method)) : [];
  const metric = report.metricByName.get(choice.metric);
  return element('div', {}, sideBySide(page, pairs, names,
      `${metric.label}: Linux ${names[0]} and ${names[1]}`),
  nothing('Measured in different rounds, so there is no ratio with an interval.' + (
    methods.length > 1 ? ' The methods differ as well: a change may be that of the meter.' : '')));
}

/// Short names of two releases, unless they are short for the same.
function headsOf(names) {
  const short = names.map(shortRelease);
  return short[0] === short[1] ? names : short;
}

function sideBySide(page, pairs, names, caption) {
  const {report, choice} = page;
  const metric = report.metricByName.get(choice.metric);
  const estimate = (cell) => cell.metrics[metric.name];
  const longest = new Map();
  for (const cell of pairs.flatMap(({first, second}) => [first, second])) {
    const key = configuration(cell);
    longest.set(key, Math.max(longest.get(key) ?? 0, endOf(estimate(cell))));
  }
  const side = (pick, name) => [
    medianColumn(metric, name, pick),
    {title: 'Interval', className: 'quiet', key: (pair) => estimate(pick(pair))?.low,
      cell: (pair) => interval(estimate(pick(pair))) || '–'},
    {title: 'Bar', className: 'wide half', text: () => '',
      key: (pair) => estimate(pick(pair))?.median,
      cell: (pair) => {
        const cell = pick(pair);
        return estimate(cell) ?
          barOf(estimate(cell), longest.get(configuration(cell)), page.colour(cell.mode)) : '';
      }}];
  const heads = headsOf(names);
  return new Table({caption, rows: pairs, filter: pairs.length > 8 ? 'Filter' : null, columns: [
    {title: 'Mode', key: ({first}) => report.cells.indexOf(first), text: ({first}) => first.label,
      cell: ({first}) => modeName(first, page)},
    ...configurationColumns(),
    ...side((pair) => pair.first, heads[0]), ...side((pair) => pair.second, heads[1])]}).node;
}

function endOf(estimate) { return estimate ? Math.max(estimate.median, estimate.high ?? 0) : 0; }

function configurationColumns() {
  return [
    {title: 'Body', isNumber: true, key: ({first}) => first.body_bytes,
      cell: ({first}) => bytes(first.body_bytes)},
    {title: 'Connection', key: ({first}) => Number(first.reuse),
      hint: 'New for each request, or reused',
      cell: ({first}) => first.reuse ? 'reused' : 'new'}];
}

function medianColumn(metric, title, pick) {
  return {title: metric.unit ? `${title}, ${metric.unit}` : title, isNumber: true,
    key: (pair) => pick(pair).metrics[metric.name]?.median,
    cell: (pair) => figure(pick(pair).metrics[metric.name]?.median)};
}

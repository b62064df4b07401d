// From chosen cells to a Vega-Lite specification. The report has computed every number already:
// a picture only places them. The page and tools/render-pictures share this.
'use strict';

const BAR_STEP = 26;
const PANEL_GAP = 20;
const LEAST_PANEL = 230;
const DISTURBED = '\u25b3';
const SHAPES = ['circle', 'square', 'diamond', 'triangle-up'];
const DASHES = [[1, 0], [6, 3], [2, 3], [8, 3, 2, 3]];

/// How a picture looks on paper; the page takes its own from the style sheet.
const PRINTED = {dark: false, text: '#1c2024', quiet: '#60646c', line: '#e0e2e6',
  background: '#ffffff', font: '"DejaVu Sans", Verdana, sans-serif', legend: true};

/// `choice` has metric and along. Cells without the metric are left out.
function makePicture(report, cells, choice, width, look = PRINTED) {
  const metric = report.metricByName.get(choice.metric);
  const values = cells.filter((cell) => cell.metrics[metric.name])
      .map((cell) => datumOf(report, cell, choice));
  const panels = distinct(values.map((value) => value.panel));
  const plan = {report, metric, choice, values, panels, width, look};
  return {
    '$schema': 'https://vega.github.io/schema/vega-lite/v6.json',
    ...(look.legend ? {title: titleOf(report, cells, metric)} : {}),
    'description': `${metric.label} by ${choice.along.replaceAll('_', ' ')}`,
    'background': look.legend ? look.background : 'transparent',
    'data': {values},
    'params': [{name: 'pointed', value: ''}],
    'config': configure(look),
    'facet': {field: 'panel', type: 'nominal', sort: panels, header: {title: null}},
    'spacing': {row: PANEL_GAP, column: PANEL_GAP},
    ...(choice.along === 'mode' ? bars(plan) : lines(plan)),
  };
}

/// What a picture needs to say where no page around it does.
function titleOf(report, cells, metric) {
  const {section, setting} = cells[0];
  const unit = metric.unit ? `, ${metric.unit}` : '';
  const kernel = report.byId.get(section).kernel;
  const notes = ['medians and their intervals'];
  if (cells.some(isDisturbed)) notes.push(`${DISTURBED}, hollow: trials with warnings`);
  return {
    text: `${metric.label}${unit} (${metric.better} is better)`,
    subtitle: [`${kernel ? `Linux ${kernel}, ` : ''}${report.byId.get(setting).title}`,
      notes.join('; ')],
  };
}

function datumOf(report, cell, choice) {
  const estimate = cell.metrics[choice.metric];
  const known = estimate.low !== null && estimate.low !== undefined;
  const body = choice.along === 'body_bytes' ? '' : `${bytes(cell.body_bytes)}, `;
  return {
    cell: cell.id,
    label: cell.label,
    mode: cell.mode,
    variant: report.variant(cell),
    panel: body + reuseText(cell.reuse),
    along: alongText(report, cell, choice.along),
    order: orderOf(report, cell, choice.along),
    value: estimate.median,
    low: known ? estimate.low : null,
    high: known ? estimate.high : null,
    end: known ? Math.max(estimate.high, estimate.median) : estimate.median,
    disturbed: isDisturbed(cell),
    text: figure(estimate.median) + (isDisturbed(cell) ? ` ${DISTURBED}` : ''),
  };
}

function alongText(report, cell, along) {
  if (along === 'mode') return cell.label;
  if (along === 'kernel') return shortRelease(cell.kernel);
  if (along === 'body_bytes') return bytes(cell.body_bytes);
  return String(report.byId.get(cell.setting).values[along]);
}

function orderOf(report, cell, along) {
  if (along === 'body_bytes') return cell.body_bytes;
  const value = report.byId.get(cell.setting).values[along];
  return isNumeric(value) ? Number(value) : report.cells.indexOf(cell);
}

/// "6.12.117+deb12-cloud-amd64" is "6.12.117": what follows does not fit under a tick.
function shortRelease(release) {
  return release.match(/^\d+(\.\d+)*([-~]rc\d+)?/)?.[0] ?? release;
}

// ---- bars: a panel for each body and reuse, a bar for each mode ----

function bars(plan) {
  const {metric, values, panels, look} = plan;
  const names = distinct(values.map((value) => value.along));
  const margin = Math.max(48, ...names.map((name) => name.length * 7.4 + 18));
  const columns = columnsOf(plan, margin);
  const width = panelWidth(plan, margin, columns);
  // Room for the label beside the longest bar; the same number of panels wide for all in one.
  const room = Math.max(0.4, 1 - 72 / width);
  for (const panel of panels) {
    const inside = values.filter((value) => value.panel === panel);
    const longest = Math.max(...inside.map((value) => value.end));
    for (const value of inside) value.limit = longest / room;
  }
  const x = (field) => ({field, type: 'quantitative'});
  const axis = {...ticks(values), tickCount: 4};
  return {
    columns,
    resolve: {scale: {x: 'independent'}},
    spec: {
      width,
      height: {step: BAR_STEP},
      encoding: {y: {field: 'along', type: 'nominal', sort: names,
        axis: {title: null, domain: false, ticks: false, labelLimit: 0, labelPadding: 8}}},
      layer: [
        {mark: {type: 'bar', height: BAR_STEP - 9, cornerRadiusEnd: 2, strokeWidth: 2},
          encoding: {
            x: {...x('value'), axis, scale: {nice: false}},
            color: colours(plan, null),
            stroke: outline(look),
          }},
        ...whiskers('x', look),
        {mark: {type: 'text', align: 'left', dx: 7, baseline: 'middle', color: look.text},
          encoding: {x: x('end'), text: {field: 'text'}}},
        // Makes room in the scale, and can be pointed at where the bar is short.
        {mark: {type: 'bar', opacity: 0, height: BAR_STEP, aria: false}, encoding: {x: x('limit')}},
      ],
    },
    usermeta: {metric: metric.name, unit: metric.unit},
  };
}

/// Rows of panels are full where they can be, and hold pairs where there are pairs.
function columnsOf({panels, width, choice}, margin) {
  const least = choice.along === 'mode' ? LEAST_PANEL : 300;
  const fitting = Math.max(1, Math.floor((width - margin + PANEL_GAP) / (least + PANEL_GAP)));
  const most = Math.min(fitting, 4, panels.length);
  const step = panels.length % 2 === 0 ? 2 : 1;
  for (let columns = most; columns > 1; --columns) {
    if (columns % step === 0 && panels.length % columns === 0) return columns;
  }
  return most;
}

function panelWidth({width}, margin, columns) {
  return Math.max(120, Math.floor((width - margin - 10 - (columns - 1) * PANEL_GAP) / columns));
}

/// The interval of a median, with ends, drawn over a halo so that it shows on a bar as well.
function whiskers(axis, look) {
  const low = {field: 'low', type: 'quantitative'};
  const high = {field: 'high', type: 'quantitative'};
  const known = [{filter: 'datum.low !== null'}];
  const rule = (color, strokeWidth) => ({transform: known, mark: {type: 'rule', color, strokeWidth},
    encoding: {[axis]: low, [`${axis}2`]: {field: 'high'}}});
  const tick = (value) => ({transform: known,
    mark: {type: 'tick', color: look.text, thickness: 1.5, size: 8,
      orient: axis === 'x' ? 'vertical' : 'horizontal'}, encoding: {[axis]: value}});
  return axis === 'x' ?
    [rule(look.background, 3.5), rule(look.text, 1.5), tick(low), tick(high)] :
    [rule(look.quiet, 1.2)];
}

// ---- lines: growth over body sizes, kernels, connections ----

function lines(plan) {
  const {choice, metric, values, look} = plan;
  const names = distinct([...values].sort((a, b) => a.order - b.order).map((value) => value.along));
  const labels = distinct(values.map((value) => value.label));
  const isShared = choice.along === 'body_bytes';
  const columns = columnsOf(plan, 52);
  const width = panelWidth(plan, isShared ? 52 : 52 * columns, columns);
  const y = {field: 'value', type: 'quantitative', ...verticalScale(values, isShared)};
  const legend = look.legend ? {title: null, symbolSize: 60} : null;
  const variantOf = (label) => values.find((value) => value.label === label).variant;
  const shape = {field: 'label', type: 'nominal', legend,
    scale: {domain: labels, range: labels.map((label) => SHAPES[variantOf(label)])}};
  // By another field, or the legend's symbols would be dashed.
  const dash = {field: 'variant', type: 'nominal', legend: null,
    scale: {domain: [0, 1, 2, 3], range: DASHES}};
  return {
    columns,
    resolve: isShared ? {} : {scale: {y: 'independent'}, axis: {x: 'independent'}},
    spec: {
      width,
      height: 260,
      encoding: {
        x: {field: 'along', type: 'ordinal', sort: names,
          scale: {paddingInner: 0.6, paddingOuter: 0.3},
          axis: {title: null, labelAngle: crowd(names) > width ? -40 : 0, labelOverlap: false,
            domain: false}},
        xOffset: {field: 'label', type: 'nominal', sort: labels},
        stroke: colours(plan, legend),
      },
      layer: [
        {mark: {type: 'line', strokeWidth: 1.8, opacity: 0.75},
          encoding: {y, strokeDash: dash, detail: {field: 'label'},
            order: {field: 'order'}}},
        ...whiskers('y', look),
        {mark: {type: 'point', size: 46, opacity: 1, strokeWidth: 1.8},
          encoding: {y, shape,
            size: {condition: {test: 'datum.cell === pointed', value: 190}, value: 46},
            fill: {condition: {test: 'datum.disturbed', value: look.background},
              ...colours(plan, null)}}},
        // Small points are hard to point at.
        ...(look.legend ? [] : [{mark: {type: 'point', filled: true, size: 320, opacity: 0,
          aria: false}, encoding: {y}}]),
      ],
    },
    usermeta: {metric: metric.name, unit: metric.unit},
  };
}

/// Sizes span decades, and panels over sizes share a scale; others show what changes.
function verticalScale(values, isShared) {
  const axis = {...ticks(values), tickCount: 5};
  const least = Math.min(...values.map((value) => value.low ?? value.value));
  const most = Math.max(...values.map((value) => value.end));
  if (!isShared || least <= 0 || most / least < 20) {
    return {scale: {zero: false, padding: 14}, axis};
  }
  const steps = most / least > 300 ? [1] : [1, 2, 5];
  const decades = [];
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; ++power) {
    decades.push(...steps.map((step) => step * 10 ** power));
  }
  axis.values = decades.filter((value) => value >= least && value <= most);
  return {scale: {type: 'log', nice: false, padding: 12}, axis};
}

/// The width of texts side by side, roughly.
function crowd(texts) {
  return texts.length * 14 + texts.join('').length * 7;
}

// ---- what both share ----

function colours({report, values, look}, legend) {
  const labels = distinct(values.map((value) => value.label));
  const modeOf = (label) => values.find((value) => value.label === label).mode;
  return {field: 'label', type: 'nominal', legend, scale: {domain: labels,
    range: labels.map((label) => report.colour(modeOf(label), look.dark))}};
}

function outline(look) {
  return {condition: {test: 'datum.cell === pointed', value: look.text}, value: null};
}

function ticks(values) {
  const format = Math.max(...values.map((value) => value.end)) >= 10000 ? '~s' : ',.3~r';
  return {title: null, domain: false,
    labelExpr: `datum.value === 0 ? '0' : format(datum.value, '${format}')`};
}

function configure(look) {
  return {
    font: look.font,
    // A file on its own is shown as an image, whose inside no reader sees.
    aria: !look.legend,
    view: {stroke: null},
    axis: {labelColor: look.quiet, labelFontSize: 12, gridColor: look.line, tickColor: look.line,
      domainColor: look.line},
    axisY: {labelFontSize: 12.5},
    header: {labelColor: look.text, labelFontSize: 13, labelFontWeight: 600, labelAnchor: 'start',
      labelPadding: 6},
    legend: {labelColor: look.text, labelFontSize: 12, orient: 'bottom', columns: 6},
    text: {fontSize: 12},
    title: {color: look.text, subtitleColor: look.quiet, fontSize: 15, subtitleFontSize: 12,
      anchor: 'start', offset: 16, subtitlePadding: 6},
  };
}

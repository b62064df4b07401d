// From a profile to a Vega-Lite specification: where a request's instructions are, on two kernels
// below each other. It knows no element of the page, so that tools/render-pictures uses it too.
'use strict';

const BAR_TITLE = 22;
const BAR_SUBSYSTEMS = 34;
const BAR_FUNCTIONS = 34;
const BAR_GAP = 18;
const LETTER = 6.7;

/// The places of two kernels, by name, among those of the cell; one where both are the same.
function sidesOf(cell, names) {
  return distinct(names).map((name) => cell.kernels.findIndex((kernel) => kernel.name === name));
}

/// "436,372", and what is small with its fraction.
function exact(count) {
  return Math.abs(count) < 10 ? figure(count) : Math.round(count).toLocaleString('en-US');
}

/// "+1,204", "−3", "0": as exact as what it is of.
function change(before, after) {
  const isLarge = Math.max(before, after) >= 10;
  const difference = isLarge ? Math.round(after) - Math.round(before) : after - before;
  const size = Math.abs(difference);
  const text = isLarge ? size.toLocaleString('en-US') : figure(size);
  return `${difference > 0 ? '+' : difference < 0 ? '−' : ''}${text}`;
}

/// "6.12.118", or the whole name where the short one would be the same for both.
function sideNames(cell, sides) {
  const names = sides.map((side) => cell.kernels[side].name);
  const short = names.map((name) => shortRelease(name));
  return new Set(short).size === names.length ? short : names;
}

/// One line of what was pointed at: "tcp_ack, TCP: 4,000 on 6.12, 4,600 on 6.19 (+600)".
function profileText(cell, sides, entry) {
  const names = sideNames(cell, sides);
  const counts = sides.map((side) => entry.instructions[side]);
  const title = entry.subsystem ? `${entry.name}, ${entry.subsystem}` : `${entry.name}, all`;
  const texts = counts.map((count, index) => `${exact(count)} on ${names[index]}`);
  return `${title}: ${texts.join(', ')}${counts.length > 1 ? ` (${change(...counts)})` : ''}`;
}

/// Subsystems and functions of a cell, each with a key by which the picture and the tables agree.
function profileEntries(cell) {
  return cell.subsystems.flatMap((subsystem) => [
    {id: subsystem.name, name: subsystem.name, instructions: subsystem.instructions},
    ...subsystem.functions.map(({name, instructions}) =>
      ({id: `${subsystem.name}\n${name}`, name, subsystem: subsystem.name, instructions}))]);
}

/// Neighbours differ: each hue is far from the one before.
function subsystemColour(report, name, dark) {
  const names = distinct(report.profiles.cells.flatMap(({subsystems}) =>
    subsystems.map((subsystem) => subsystem.name)));
  const hue = Math.round(names.indexOf(name) * 137.5 % 360);
  return dark ? `hsl(${hue}, 36%, 32%)` : `hsl(${hue}, 56%, 80%)`;
}

/// As much of a text as fits into a bar, and nothing where that says nothing.
function fitting(text, width) {
  const letters = Math.floor((width - 6) / LETTER);
  if (text.length <= letters) return text;
  return letters < 5 ? '' : `${text.slice(0, letters - 1)}…`;
}

/// The bars of one kernel from left to right: subsystems, and below each its functions.
function profileBars(plan, row) {
  const {report, cell, sides, scale, look} = plan;
  const top = row * (BAR_TITLE + BAR_SUBSYSTEMS + BAR_FUNCTIONS + BAR_GAP) + BAR_TITLE;
  const bars = [];
  let begin = 0;
  let place = 0;
  let isOdd = false;
  for (const entry of profileEntries(cell)) {
    const count = entry.instructions[sides[row]];
    const isFunction = entry.subsystem !== undefined;
    if (!isFunction) place = begin;
    isOdd = isFunction && !isOdd;
    const from = isFunction ? place : begin;
    const y = isFunction ? top + BAR_SUBSYSTEMS : top;
    if (count > 0) {
      bars.push({key: entry.id, from, to: from + count, y,
        y2: y + (isFunction ? BAR_FUNCTIONS : BAR_SUBSYSTEMS),
        fill: subsystemColour(report, entry.subsystem ?? entry.name, look.dark),
        // Neighbours without room for a line between them still differ.
        strength: isFunction ? (isOdd ? 0.75 : 0.5) : 1,
        edge: count * scale < 4 ? 0 : 0.5,
        label: fitting(entry.name, count * scale), tip: profileText(cell, sides, entry)});
    }
    if (isFunction) place += count;
    else begin += count;
  }
  return bars;
}

function profileTitles({cell, sides}) {
  const names = sideNames(cell, sides);
  const totals = sides.map((side) => cell.kernels[side].instructions);
  return sides.map((side, row) => {
    const {boots} = cell.kernels[side];
    const difference = row === 0 ? '' : `, ${change(...totals)}`;
    return {from: 0, y: row * (BAR_TITLE + BAR_SUBSYSTEMS + BAR_FUNCTIONS + BAR_GAP) + 10,
      label: `Linux ${names[row]}: ${exact(totals[row])}${difference} (${plural(boots, 'boot')})`};
  });
}

/// `sides` are places in the cell's kernels. Both have the same scale.
function makeProfilePicture(report, cell, sides, width, look = PRINTED) {
  const inside = Math.max(160, width - 14);
  const most = Math.max(...sides.map((side) => Math.max(cell.kernels[side].instructions,
      cell.subsystems.reduce((sum, {instructions}) => sum + instructions[side], 0))), 1);
  const plan = {report, cell, sides, look, scale: inside / most};
  const bars = sides.flatMap((_, row) => profileBars(plan, row));
  const height = sides.length * (BAR_TITLE + BAR_SUBSYSTEMS + BAR_FUNCTIONS + BAR_GAP) - BAR_GAP;
  const x = {field: 'from', type: 'quantitative', scale: {domain: [0, most], nice: false},
    axis: {...ticks([{end: most}]), grid: false, tickCount: inside < 500 ? 4 : 8,
      labelFlush: true}};
  const y = {field: 'y', type: 'quantitative', axis: null,
    scale: {domain: [0, height], reverse: true, nice: false, zero: false}};
  const middle = {...y, field: 'middle'};
  return {
    '$schema': 'https://vega.github.io/schema/vega-lite/v6.json',
    ...(look.legend ? {title: {text: `Instructions of a request: ${cell.name}`,
      subtitle: 'subsystems, and below them their functions'}} : {}),
    'description': `Instructions of a request by subsystem and function: ${cell.name}`,
    'background': look.legend ? look.background : 'transparent',
    'params': [{name: 'pointed', value: ''}],
    'config': configure(look),
    'width': inside,
    height,
    'layer': [
      {data: {values: bars}, mark: {type: 'rect', aria: false},
        encoding: {x, x2: {field: 'to'}, y, y2: {field: 'y2'},
          fill: {field: 'fill', type: 'nominal', scale: null},
          fillOpacity: {field: 'strength', type: 'quantitative', scale: null},
          stroke: {condition: {test: 'datum.key === pointed', value: look.text},
            value: look.background},
          strokeWidth: {condition: {test: 'datum.key === pointed', value: 2}, field: 'edge',
            type: 'quantitative', scale: null},
          tooltip: {field: 'tip', type: 'nominal'}}},
      {data: {values: bars.filter(({label}) => label !== '')},
        transform: [{calculate: '(datum.y + datum.y2) / 2', as: 'middle'}],
        mark: {type: 'text', align: 'left', baseline: 'middle', dx: 4, color: look.text,
          aria: false, tooltip: null},
        encoding: {x, y: middle, text: {field: 'label'}}},
      {data: {values: profileTitles(plan)},
        mark: {type: 'text', align: 'left', baseline: 'middle', fontSize: 13, fontWeight: 600,
          color: look.text, aria: false},
        encoding: {x, y, text: {field: 'label'}}},
    ],
  };
}

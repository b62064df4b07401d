// Numbers and names as a reader wants them: three significant digits and a unit, never more.
// Nothing is computed here, so a table, a picture and a label always show the same text.
'use strict';

const NARROW_SPACE = '\u202f';
const PREFIXES = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M']];

function digits(value) {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001) return value.toExponential(2).replace('-', '−');
  if (size >= 1000) {
    const rounded = Number(value.toPrecision(3));
    return rounded.toLocaleString('en-US', {maximumFractionDigits: 0});
  }
  return Number(value.toPrecision(3)) >= 1000 ? '1,000' : value.toPrecision(3);
}

/// "7,690", "0.112", "1.23 G".
function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const prefix = PREFIXES.find(([factor]) => Math.abs(value) >= factor);
  return prefix ? `${digits(value / prefix[0])}${NARROW_SPACE}${prefix[1]}` : digits(value);
}

/// "7,690 req/s", "1.23 GB/s".
function figureWithUnit(value, unit) {
  const text = figure(value);
  if (!unit || text === '–') return text;
  return /[TGM]$/.test(text) ? text + unit : `${text}${NARROW_SPACE}${unit}`;
}

/// "4,940 to 5,930", and nothing where there is no interval.
function interval(estimate) {
  if (!estimate || estimate.low === null || estimate.low === undefined) return '';
  return `${figure(estimate.low)} to ${figure(estimate.high)}`;
}

function percent(share) {
  if (share === null || share === undefined) return '–';
  return `${(share * 100).toPrecision(share > 0.995 ? 3 : 2)}${NARROW_SPACE}%`;
}

/// Bodies are given in powers of either base, and are named in the one they were given in.
function bytes(count) {
  const units = [[1e9, 'GB'], [1e6, 'MB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB'],
    [1e3, 'kB']];
  const unit = units.find(([factor]) => count >= factor && count % factor === 0);
  const text = unit ? `${count / unit[0]} ${unit[1]}` : `${count.toLocaleString('en-US')} B`;
  return text.replace(' ', NARROW_SPACE);
}

function reuseText(reuse) {
  return reuse ? 'connections reused' : 'a connection per request';
}

function plural(count, noun) {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

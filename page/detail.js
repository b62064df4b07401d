// The card beside the picture: all that is known of one configuration, and how to run it again.
// It stays until another one is pointed at, so its command line can be copied.
'use strict';

function drawDetail(page, cell) {
  const {report, choice} = page;
  const card = byId('detail');
  card.dataset.cell = cell?.id ?? '';
  if (!cell) {
    card.replaceChildren(element('p', {class: 'note'},
        'Point at a bar or at a line of the table: its figures and its command appear here.'));
    return;
  }
  const metric = report.metricByName.get(choice.metric);
  const estimate = cell.metrics[choice.metric];
  card.replaceChildren(
      element('h3', {}, modeName(cell, page)),
      element('p', {class: 'note'}, configuration(cell), element('br'), `Linux ${cell.kernel}`),
      element('p', {class: 'figure'}, boundOf(cell, choice.metric) +
          figureWithUnit(estimate?.median, metric.unit)),
      element('p', {class: 'note'}, metric.label, element('br'), certaintyOf(estimate)),
      ...marksOf(report, cell),
      cell.command ? commandOf(cell) : element('p', {class: 'note'},
          'Measured by another program, which has no command line here.'),
      othersOf(report, cell, choice.metric),
      element('button', {type: 'button', class: 'link', onclick: () => showRowsOf(page, cell)},
          `Its ${plural(cell.rows.length, 'row')}`));
}

/// Of a rate that the client limited: the server could do more.
function boundOf(cell, metric) {
  const isRate = metric === 'requests_per_s' || metric === 'bytes_per_s';
  return isRate && cell.limited_by_client ? '\u2265 ' : '';
}

function certaintyOf(estimate) {
  if (!estimate) return 'no figure';
  const trials = `median of ${plural(estimate.n, 'trial')}`;
  if (estimate.low === null || estimate.low === undefined) {
    return estimate.n > 1 ? `${trials}, too few for an interval` : 'one trial, no interval';
  }
  return `${interval(estimate)} (${percent(estimate.confidence)} interval), ${trials}`;
}

function marksOf(report, cell) {
  const marks = cell.warnings.map((name) => element('li', {class: 'disturbed'},
      `${DISTURBED} `, element('b', {}, name), ` ${report.warningTexts.get(name) ?? ''}`));
  if (cell.trials_without_figures > 0) {
    const trials = `${cell.trials_without_figures} of ${plural(cell.trials, 'trial')}`;
    marks.push(element('li', {class: 'disturbed'},
        `${DISTURBED} ${trials} without figures: ${cell.status.join(', ')}`));
  }
  if (cell.trials_disturbed > 0) {
    marks.push(element('li', {class: 'disturbed'},
        `${DISTURBED} ${plural(cell.trials_disturbed, 'disturbed trial')} left out`));
  }
  if (cell.bottleneck) {
    marks.push(element('li', {}, 'Bottleneck: ', element('b', {}, cell.bottleneck)));
  }
  return marks.length > 0 ? [element('ul', {class: 'marks'}, ...marks)] : [];
}

function commandOf(cell) {
  const code = element('code', {}, cell.command);
  const button = element('button', {type: 'button', onclick: () => copy(code, button)}, 'Copy');
  return element('div', {class: 'command'}, element('pre', {tabindex: '0'}, code), button);
}

/// A page from a file may lack the clipboard: then the text is selected, for the reader's keys.
async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = 'Selected';
  }
}

function othersOf(report, cell, chosen) {
  const others = report.metrics.filter(({name}) => name !== chosen && cell.metrics[name]);
  return element('details', {}, element('summary', {}, 'Other metrics'),
      element('dl', {}, ...others.flatMap(({name, label, unit}) => [element('dt', {}, label),
        element('dd', {}, boundOf(cell, name) +
            figureWithUnit(cell.metrics[name].median, unit))])));
}

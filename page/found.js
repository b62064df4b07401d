// What was found, in words, before any picture. The report has written each sentence and judged how
// sure it is. This puts a configuration in a row and a question in a column.
'use strict';

const CERTAINTY = {
  sure: ['sure', 'The interval of the ratio lies on one side of 1.'],
  undecided: ['undecided', 'The interval of the ratio holds 1, so the order may be chance.'],
  alone: ['alone', 'There is nothing to compare it with.'],
};
const FOUND_AT_ONCE = 6;

function drawFound(page) {
  const {report, choice} = page;
  const rankings = report.rankingsBySetting.get(choice.setting) ?? [];
  const metrics = distinct(rankings.map((ranking) => ranking.metric));
  const rows = [...group(rankings, (ranking) => `${ranking.body_bytes} ${ranking.reuse}`).values()];
  byId('found-summary').textContent = summaryOf(report, choice, rankings);
  const list = byId('found-list');
  list.replaceChildren();
  list.style.setProperty('--questions', metrics.length);
  if (rows.length === 0) return;
  const head = element('div', {class: 'found-row found-head', 'aria-hidden': 'true'},
      element('span'), ...metrics.map((name) => element('span', {}, questionOf(report, name))));
  const lines = rows.map((row) => foundRow(page, row, metrics));
  list.append(head, ...lines.slice(0, FOUND_AT_ONCE));
  if (lines.length > FOUND_AT_ONCE) {
    list.append(element('details', {}, element('summary', {},
        `${plural(lines.length - FOUND_AT_ONCE, 'more configuration')}`),
    ...lines.slice(FOUND_AT_ONCE)));
  }
}

function questionOf(report, name) {
  const metric = report.metricByName.get(name);
  const label = metric?.label ?? name;
  const inside = /^[A-Z][a-z]/.test(label) ? label[0].toLowerCase() + label.slice(1) : label;
  return `${metric?.better === 'more' ? 'Most' : 'Least'} ${inside}`;
}

function summaryOf(report, choice, rankings) {
  const compared = rankings.filter((ranking) => ranking.certainty !== 'alone');
  if (compared.length === 0) {
    if (sectionOf(report, choice).counts) {
      return 'Instruction counts of an emulator: no times, and so no mode that is fastest.';
    }
    if (report.byId.get(choice.setting).operations) {
      return 'Single kernel operations: each is a thing of its own, and none is best.';
    }
    return 'No configuration of this setting was measured in more than one mode.';
  }
  const sure = compared.filter((ranking) => ranking.certainty === 'sure').length;
  const open = compared.length - sure;
  const parts = [];
  if (sure > 0) parts.push(`${sure} of ${plural(compared.length, 'comparison')} ${
    sure === 1 ? 'has' : 'have'} a sure winner.`);
  if (open > 0) parts.push(`${sure > 0 ? `In ${open}` : `In ${open} of ${
    plural(compared.length, 'comparison')}`} the best two may be equal.`);
  return parts.join(' ');
}

function foundRow(page, rankings, metrics) {
  const {report} = page;
  const cells = metrics.map((name) => rankings.find((ranking) => ranking.metric === name));
  const first = report.byId.get(rankings[0].best);
  return element('div', {class: 'found-row'},
      element('h3', {}, bytes(first.body_bytes), element('small', {}, reuseText(first.reuse))),
      ...cells.map((ranking) => ranking ? foundCell(page, ranking) : element('span')));
}

function foundCell(page, ranking) {
  const [word, meaning] = CERTAINTY[ranking.certainty] ?? [ranking.certainty, ''];
  const isOpen = ranking.certainty === 'undecided' && ranking.next;
  return element('div', {class: 'found'},
      element('b', {}, cellLink(page, ranking, ranking.best),
          ...(isOpen ? [' or ', cellLink(page, ranking, ranking.next)] : [])),
      element('span', {class: `chip ${ranking.certainty}`, title: meaning}, word),
      element('p', {}, ranking.text),
      ranking.reference ? element('p', {class: 'note'}, `Reference: ${ranking.reference.text}`) : '');
}

function cellLink(page, ranking, id) {
  return element('button', {type: 'button', class: 'link',
    onclick: () => page.choose({metric: ranking.metric, cell: id})},
  modeName(page.report.byId.get(id), page));
}

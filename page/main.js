'use strict';
const report = JSON.parse(document.getElementById('rows').textContent);
const main = document.querySelector('main');
function add(tag, text, parent = main) {
  const node = document.createElement(tag);
  node.textContent = text;
  parent.append(node);
  return node;
}
for (const ranking of report.rankings) add('p', ranking.text);
const table = add('table', '');
for (const cell of report.cells) {
  const row = add('tr', '', table);
  const rate = cell.metrics.requests_per_s;
  for (const text of [cell.label, cell.kernel, cell.body_bytes, cell.reuse, rate?.median ?? '']) {
    add('td', text, row);
  }
}

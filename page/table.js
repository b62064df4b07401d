// Tables that sort and filter, and the bars in them. Text is set as text, never as markup: names in
// rows come from files that anybody may have written.
'use strict';

const ROWS_AT_ONCE = 24;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'style') node.style.cssText = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== ''));
  return node;
}

/// A column is {title, key(row) to sort by, cell(row) a node or text, isNumber, hint}.
class Table {
  constructor({caption, columns, rows, onRow, filter, sorted}) {
    Object.assign(this, {columns, rows, onRow, filterText: '', limit: ROWS_AT_ONCE});
    this.sorted = sorted ?? null;
    this.body = element('tbody', {onkeydown: (event) => this.walk(event)});
    this.heads = columns.map((column, index) => this.makeHead(column, index));
    this.more = element('button', {type: 'button', class: 'more', onclick: () => this.grow()});
    this.count = element('span', {class: 'note', role: 'status'});
    const table = element('table', {}, element('caption', {}, element('span', {}, caption)),
        element('thead', {}, element('tr', {}, ...this.heads)), this.body);
    this.node = element('div', {class: 'table'},
        filter ? this.makeFilter(filter) : '',
        element('div', {class: 'scroll', role: 'region', tabindex: '0', 'aria-label': caption},
            table),
        this.more);
    this.draw();
  }

  makeHead(column, index) {
    const button = element('button', {type: 'button', title: column.hint,
      onclick: () => this.sort(index)}, column.title);
    return element('th', {scope: 'col', class: column.isNumber ? 'number' : null}, button);
  }

  makeFilter(label) {
    const input = element('input', {type: 'search', placeholder: label, 'aria-label': label,
      oninput: () => {
        this.filterText = input.value.toLowerCase();
        this.limit = ROWS_AT_ONCE;
        this.draw();
      }});
    return element('p', {class: 'filter'}, input, this.count);
  }

  /// Numbers first from the largest, texts from the first; again turns it round, a third time ends.
  sort(index) {
    const first = this.columns[index].isNumber ? -1 : 1;
    if (this.sorted?.index !== index) this.sorted = {index, direction: first};
    else if (this.sorted.direction === first) this.sorted = {index, direction: -first};
    else this.sorted = null;
    this.draw();
  }

  grow() {
    this.limit *= 4;
    this.draw();
  }

  /// In their order; rows without a value come last, whatever the direction.
  inOrder() {
    const words = this.filterText.split(/\s+/).filter((word) => word !== '');
    const rows = words.length === 0 ? [...this.rows] : this.rows.filter((row) => {
      const text = this.textOf(row);
      return words.every((word) => text.includes(word));
    });
    if (!this.sorted) return rows;
    const {index, direction} = this.sorted;
    const keys = new Map(rows.map((row) => [row, this.columns[index].key(row)]));
    const isMissing = (key) => key === null || key === undefined || key === '';
    return rows.sort((left, right) => {
      const a = keys.get(left);
      const b = keys.get(right);
      if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
      return direction * (typeof a === 'number' ? a - b : String(a).localeCompare(String(b)));
    });
  }

  textOf(row) {
    return this.columns.map((column) => {
      const content = column.text ? column.text(row) : column.cell(row);
      return content instanceof Node ? content.textContent : content;
    }).join(' ').toLowerCase();
  }

  draw() {
    const rows = this.inOrder();
    const shown = rows.slice(0, this.limit);
    this.body.replaceChildren(...shown.map((row) => this.drawRow(row)));
    if (this.onRow) this.body.firstElementChild?.setAttribute('tabindex', '0');
    this.heads.forEach((head, index) => {
      const direction = this.sorted?.index === index ? this.sorted.direction : 0;
      head.setAttribute('aria-sort',
          direction === 0 ? 'none' : direction > 0 ? 'ascending' : 'descending');
    });
    this.more.hidden = shown.length === rows.length;
    this.more.textContent = `Show more: ${shown.length.toLocaleString('en-US')} of ` +
      `${rows.length.toLocaleString('en-US')} are shown`;
    this.count.textContent = rows.length === this.rows.length ? plural(rows.length, 'row') :
      `${rows.length.toLocaleString('en-US')} of ${plural(this.rows.length, 'row')}`;
  }

  drawRow(row) {
    const cells = this.columns.map((column, index) => element(index === 0 ? 'th' : 'td',
        {class: column.isNumber ? 'number' : column.className, scope: index === 0 ? 'row' : null},
        column.cell(row)));
    if (!this.onRow) return element('tr', {}, ...cells);
    const show = (event) => this.onRow(row, event.type);
    return element('tr', {tabindex: '-1', 'data-cell': row.id, onmouseenter: show, onfocus: show,
      onclick: show}, ...cells);
  }

  /// One stop for the tab key, from which the arrow keys go on.
  walk(event) {
    const line = event.target.closest('tbody tr');
    const next = event.key === 'ArrowDown' ? line?.nextElementSibling :
      event.key === 'ArrowUp' ? line?.previousElementSibling : null;
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/// The mode's colour in the shape that its points have, and its name.
function modeName(cell, page) {
  return element('span', {class: 'mode'}, element('i', {
    class: `dot shape-${page.report.variant(cell)}`,
    style: `background:${page.colour(cell.mode)}`}), cell.label);
}

/// A bar from zero with its interval, both in parts of `longest`.
function barOf(estimate, longest, colour) {
  const part = (value) => `${(100 * value / longest).toFixed(2)}%`;
  const known = estimate.low !== null && estimate.low !== undefined;
  return element('span', {class: 'track', 'aria-hidden': 'true'},
      element('i', {class: 'bar', style: `width:${part(estimate.median)};background:${colour}`}),
      known ? element('i', {class: 'whisker',
        style: `left:${part(estimate.low)};width:${part(estimate.high - estimate.low)}`}) : '');
}

/// A ratio and its interval beside a line for "the same", on a logarithmic scale.
function ratioOf(estimate, widest) {
  const part = (value) => `${(50 + 50 * Math.log(value) / widest).toFixed(2)}%`;
  const known = estimate.low > 0;
  const left = known ? part(estimate.low) : part(estimate.median);
  return element('span', {class: 'track ratio', 'aria-hidden': 'true'},
      known ? element('i', {class: 'whisker',
        style: `left:${left};width:calc(${part(estimate.high)} - ${left})`}) : '',
      element('i', {class: 'point', style: `left:${part(estimate.median)}`}));
}

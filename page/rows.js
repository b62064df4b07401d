// The rows behind the figures, as they were measured. Tens of thousands may be there, so nothing is
// drawn before somebody asks for it, and then a part at a time.
'use strict';

function rowsSummary(report) {
  return element('summary', {}, `Rows (${report.rows.count.toLocaleString('en-US')})`);
}

/// A column of texts is a dictionary and an index into it; one of numbers is plain.
function valueOf(columns, name, row) {
  const column = columns[name];
  return Array.isArray(column) ? column[row] : column.dictionary[column.index[row]];
}

function drawRows(page, cell) {
  const {report, choice} = page;
  const holder = byId('rows-behind');
  const {columns, count} = report.rows;
  const scopes = [
    ['cell', cell && `${cell.label}, ${configuration(cell)}`, () => cell.rows],
    ['setting', 'this setting', () => report.cellsOf(choice.setting).flatMap(({rows}) => rows)],
    ['all', 'all rows', () => Array.from({length: count}, (_, index) => index)],
  ].filter(([, text]) => text);
  const select = element('select', {'aria-label': 'Which rows', onchange: () => fill()},
      ...scopes.map(([value, text]) => element('option', {value}, text)));
  const place = element('div');
  const fill = () => {
    const rows = scopes.find(([value]) => value === select.value)[2]();
    place.replaceChildren(rowTable(report, rows).node);
  };
  holder.replaceChildren(rowsSummary(report), element('label', {}, 'Show ', select), place);
  fill();
}

function rowTable(report, rows) {
  const {columns} = report.rows;
  const meanings = new Map(report.columns.map(({name, meaning}) => [name, meaning]));
  const has = (name) => rows.some((row) => {
    const value = valueOf(columns, name, row);
    return value !== null && value !== '';
  });
  const varies = (name) => rows.some((row) =>
    valueOf(columns, name, row) !== valueOf(columns, name, rows[0]));
  // What is the same in all rows is of less interest, and stands behind.
  const names = Object.keys(columns).filter(has);
  const order = [...names.filter(varies), ...names.filter((name) => !varies(name))];
  return new Table({
    caption: plural(rows.length, 'row'),
    filter: 'Filter, such as: passthru ok',
    rows,
    columns: order.map((name) => {
      const isNumber = Array.isArray(columns[name]);
      const text = (row) => {
        const value = valueOf(columns, name, row);
        return value === null ? '' : String(value);
      };
      return {title: name, hint: meanings.get(name), isNumber, text, cell: text,
        key: (row) => valueOf(columns, name, row)};
    }),
  });
}

function showRowsOf(page, cell) {
  drawRows(page, cell);
  byId('rows-behind').open = true;
  byId('rows-behind').scrollIntoView();
}

/// Some lists are long, and are of use to few.
function contextLine(text) {
  const [name, ...rest] = text.split(': ');
  if (text.length < 200 || rest.length === 0) return element('li', {}, text);
  return element('li', {}, element('details', {}, element('summary', {}, name), rest.join(': ')));
}

function drawContext(page) {
  const {report, choice} = page;
  const section = sectionOf(report, choice);
  const files = [...report.files, ...report.profiles.files];
  byId('context').replaceChildren(
      element('summary', {}, 'Machine, method and files'),
      element('ul', {}, ...section.context.map(contextLine)),
      element('h3', {}, 'Files'),
      element('ul', {}, ...files.map(({name, rows, repeated}) => element('li', {},
          element('code', {}, name), `: ${plural(rows, 'row')}`,
          repeated > 0 ? `, and ${repeated} that another file holds as well` : ''))));
  byId('warnings').replaceChildren(
      element('summary', {}, `Warnings (${report.warnings.length})`),
      report.warnings.length === 0 ? element('p', {}, 'No row has a warning.') :
        element('dl', {}, ...report.warnings.flatMap(({name, text, rows}) => [
          element('dt', {}, `${DISTURBED} ${name}, ${plural(rows, 'row')}`),
          element('dd', {}, text)])));
}

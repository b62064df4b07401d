// The page as a whole: reads the JSON, offers what can be chosen, and draws again what a choice
// changes. All of it but the picture works without the library.
'use strict';

function byId(id) { return document.getElementById(id); }

const FORMS = ['where', 'what', 'pair', 'instructions'];
const DARK = matchMedia('(prefers-color-scheme: dark)');

class Page {
  constructor(report) {
    this.report = report;
    this.comparisons = new Map(report.comparisons.map((one) =>
      [`${one.kind} ${one.of} ${one.to} ${one.metric}`, one]));
    this.view = null;
    this.profile = new ProfilePart(this);
    this.read();
    for (const id of FORMS) {
      byId(id).addEventListener('change', ({target}) => this.choose({[target.name]: target.value}));
      byId(id).addEventListener('submit', (event) => event.preventDefault());
    }
    addEventListener('hashchange', () => {
      if (location.hash === writeChoice(this.choice)) return;
      this.read();
      this.draw();
    });
    DARK.addEventListener('change', () => this.draw());
    new ResizeObserver(() => this.fit()).observe(byId('picture'));
    byId('picture').addEventListener('keydown', (event) => this.walk(event));
    byId('rows-behind').addEventListener('toggle', ({target}) => {
      if (target.open && target.children.length === 1) drawRows(this, this.pointed);
    });
  }

  colour(mode) { return this.report.colour(mode, DARK.matches); }

  read() { Object.assign(this, readChoiceOf(this.report)); }

  choose(changes) {
    Object.assign(this, complete(this.report, {...this.choice, ...changes}));
    history.replaceState(null, '', writeChoice(this.choice));
    this.draw();
  }

  draw() {
    const {report, choice} = this;
    for (const form of FORMS) {
      for (const select of byId(form).querySelectorAll('select')) this.offer(select);
    }
    // As in the picture: one body and reuse after the other.
    this.cells = report.select(choice).sort((left, right) =>
      left.body_bytes - right.body_bytes || left.reuse - right.reuse);
    drawFound(this);
    this.drawModes();
    this.drawCaption();
    this.drawCells();
    drawComparison(this);
    drawContext(this);
    const rows = byId('rows-behind');
    if (rows.open) drawRows(this, null);
    else rows.replaceChildren(rowsSummary(report));
    this.point(report.byId.get(choice.cell) ?? null, false);
    this.drawPicture();
    this.profile.draw();
  }

  offer(select) {
    const entries = this.options[select.name];
    select.replaceChildren(...entries.map(({value, text}) => new Option(text, value)));
    select.value = this.choice[select.name];
    select.parentElement.hidden = entries.length < 2 && select.form.id !== 'where';
    select.disabled = entries.length < 2;
  }

  drawModes() {
    const cells = this.report.select({...this.choice, hidden: []});
    const firsts = distinct(cells.map((cell) => cell.label)).map((label) =>
      cells.find((cell) => cell.label === label));
    byId('modes').replaceChildren(element('legend', {}, 'Modes'), ...firsts.map((cell) => {
      const box = element('input', {type: 'checkbox', checked: !this.isHidden(cell.label),
        onchange: () => this.hide(cell.label, !box.checked)});
      return element('label', {}, box, modeName(cell, this));
    }));
  }

  isHidden(label) { return this.choice.hidden.includes(label); }

  hide(label, isHidden) {
    const index = [...byId('modes').querySelectorAll('input')].indexOf(document.activeElement);
    const others = this.choice.hidden.filter((other) => other !== label);
    this.choose({hidden: isHidden ? [...others, label] : others});
    byId('modes').querySelectorAll('input')[index]?.focus();
  }

  drawCaption() {
    const metric = this.report.metricByName.get(this.choice.metric);
    const unit = metric?.unit ? `, ${metric.unit}` : '';
    byId('picture-caption').replaceChildren(
        element('b', {}, `${metric?.label ?? 'No figures'}${unit}`),
        metric ? ` ${metric.better} is better. Medians of the trials, with intervals.` : '');
    byId('picture-keys').textContent = `${DISTURBED} or a hollow point: trials with warnings. ` +
      'Arrow keys walk over the figures.';
  }

  // ---- the picture ----

  drawPicture() {
    const holder = byId('picture');
    const cells = this.cells.filter((cell) => cell.metrics[this.choice.metric]);
    this.view?.finalize();
    this.view = null;
    if (cells.length === 0) {
      holder.replaceChildren(
          nothing('Nothing here has this metric. Choose another, or show a mode.'));
      return;
    }
    if (!globalThis.vega || !globalThis.vegaLite) {
      holder.replaceChildren(nothing('The library that draws pictures is not in this page, and ' +
        'was not loaded from the network. The bars of the table below show the same figures.'));
      return;
    }
    this.width = holder.clientWidth;
    const specification = makePicture(this.report, cells, this.choice, this.width, this.look());
    const compiled = vegaLite.compile(specification, {logger: vega.logger(vega.Error)}).spec;
    holder.replaceChildren();
    this.view = new vega.View(vega.parse(compiled), {renderer: 'svg', container: holder});
    const pick = (event, item) => {
      const cell = this.report.byId.get(item?.datum?.cell);
      if (cell) this.point(cell, event.type === 'click');
    };
    this.view.addEventListener('mousemove', pick);
    this.view.addEventListener('click', pick);
    this.view.signal('pointed', this.pointed?.id ?? '').run();
  }

  look() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    return {dark: DARK.matches, text: colour('text'), quiet: colour('quiet'), line: colour('line'),
      background: colour('background'), font: getComputedStyle(document.body).fontFamily};
  }

  fit() {
    if (this.view && byId('picture').clientWidth !== this.width) this.drawPicture();
  }

  /// Shows a cell in the card, the picture and the table; a click keeps it in the address.
  point(cell, keep) {
    if (keep && cell) {
      this.choice.cell = cell.id;
      history.replaceState(null, '', writeChoice(this.choice));
    }
    if (cell && cell === this.pointed && !keep) return;
    this.pointed = cell ?? this.cells.find((one) => one.metrics[this.choice.metric]) ?? null;
    drawDetail(this, this.pointed);
    for (const row of byId('cells').querySelectorAll('tr[data-cell]')) {
      row.classList.toggle('pointed', row.dataset.cell === this.pointed?.id);
    }
    if (this.view) this.view.signal('pointed', this.pointed?.id ?? '').run();
  }

  walk(event) {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    const cells = this.cells.filter((cell) => cell.metrics[this.choice.metric]);
    if (!step || cells.length === 0) return;
    event.preventDefault();
    const at = cells.indexOf(this.pointed) + step;
    this.point(cells[(at + cells.length) % cells.length], true);
  }

  // ---- the table of what the picture shows ----

  drawCells() {
    const {report, choice} = this;
    const metric = report.metricByName.get(choice.metric);
    if (!metric) {
      byId('cells').replaceChildren();
      return;
    }
    const estimate = (cell) => cell.metrics[metric.name];
    const longest = new Map();
    for (const cell of this.cells) {
      const key = configuration(cell);
      longest.set(key, Math.max(longest.get(key) ?? 0, endOf(estimate(cell))));
    }
    const columns = [
      {title: 'Mode', key: (cell) => report.cells.indexOf(cell), text: (cell) => cell.label,
        cell: (cell) => modeName(cell, this)},
      ...this.varyingColumns(),
      {title: metric.unit || 'Figure', isNumber: true, key: (cell) => estimate(cell)?.median,
        cell: (cell) => figure(estimate(cell)?.median)},
      {title: 'Bar', className: 'wide',
        hint: 'In parts of the longest bar of the same body and connections',
        key: (cell) => endOf(estimate(cell)) / longest.get(configuration(cell)), text: () => '',
        cell: (cell) => estimate(cell) ?
          barOf(estimate(cell), longest.get(configuration(cell)), this.colour(cell.mode)) : ''},
      {title: 'Interval', className: 'quiet', key: (cell) => estimate(cell)?.low,
        cell: (cell) => interval(estimate(cell)) || '–'},
      {title: 'Trials', isNumber: true, key: (cell) => estimate(cell)?.n,
        cell: (cell) => String(estimate(cell)?.n ?? 0)},
      {title: 'Marks', key: marksText, cell: (cell) => element('span',
          {class: isDisturbed(cell) ? 'disturbed' : null, title: marksText(cell)},
          marksShort(cell)), text: marksText},
    ];
    const table = new Table({
      caption: `${metric.label}, ${plural(this.cells.length, 'configuration')}`,
      filter: 'Filter, such as: socket reused', rows: this.cells, columns,
      onRow: (cell, type) => this.point(cell, type === 'click')});
    byId('cells').replaceChildren(table.node);
  }

  /// Body, connections, kernel and the like, where they are not the same in every line.
  varyingColumns() {
    const {report, choice} = this;
    const kernels = distinct(report.cells.map((cell) => cell.kernel));
    const all = [
      {title: 'Body', isNumber: true, key: (cell) => cell.body_bytes,
        cell: (cell) => bytes(cell.body_bytes)},
      {title: 'Connection', hint: 'New for each request, or reused',
        key: (cell) => Number(cell.reuse), text: (cell) => reuseText(cell.reuse),
        cell: (cell) => cell.reuse ? 'reused' : 'new'},
      {title: 'Kernel', key: (cell) => kernels.indexOf(cell.kernel), text: (cell) => cell.kernel,
        cell: (cell) => shortRelease(cell.kernel)},
      {title: choice.along.replaceAll('_', ' '), isNumber: true,
        key: (cell) => Number(report.byId.get(cell.setting).values[choice.along] ?? 0),
        cell: (cell) => String(report.byId.get(cell.setting).values[choice.along] ?? '')},
    ];
    return all.filter((column) => new Set(this.cells.map(column.key)).size > 1);
  }
}

/// The first warning and how many more there are; the card has all of them.
function marksShort(cell) {
  if (!isDisturbed(cell)) return marksText(cell);
  const more = cell.warnings.length - 1;
  return `${DISTURBED} ${cell.warnings[0]}${more > 0 ? ` +${more}` : ''}`;
}

function marksText(cell) {
  const limit = cell.bottleneck ? [`limit: ${cell.bottleneck}`] : [];
  return [...cell.warnings, ...limit].join(', ');
}

function readChoiceOf(report) { return readChoice(report, location.hash); }

function start() {
  try {
    const report = new Report(JSON.parse(byId('rows').textContent));
    byId('made-of').textContent = `${plural(report.rows.count, 'row')} of ${
      plural(report.files.length, 'file')}, ${plural(report.cells.length, 'configuration')}. ` +
      `Written by uring-bench ${report.tool}.`;
    const page = new Page(report);
    page.draw();
    drawGuide(byId('needs'), byId('advice'), byId('guide-limits'));
    // The library comes after this script, or later still from the network.
    addEventListener('load', () => {
      page.drawPicture();
      page.profile.drawPicture();
      performance.mark('drawn');
    });
  } catch (error) {
    byId('made-of').textContent = `This page cannot be shown: ${error.message}`;
    throw error;
  }
}

start();

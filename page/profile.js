// Where a request's instructions are: the picture of a profile, and tables of the same counts. The
// differences are the page's own, since the reader chooses the pair; the report took the medians.
'use strict';

class ProfilePart {
  constructor(page) {
    this.page = page;
    this.view = null;
    byId('profile').hidden = page.report.profiles.cells.length === 0;
    new ResizeObserver(() => {
      if (this.view && byId('profile-picture').clientWidth !== this.width) this.drawPicture();
    }).observe(byId('profile-picture'));
  }

  draw() {
    const {report, choice} = this.page;
    const shown = [choice.profile, choice.before, choice.after, DARK.matches].join('\n');
    this.cell = report.profileOf(choice.profile);
    if (!this.cell || shown === this.shown) return;
    this.shown = shown;
    this.sides = sidesOf(this.cell, [choice.before, choice.after]);
    this.entries = new Map(profileEntries(this.cell).map((entry) => [entry.id, entry]));
    byId('profile-caption').replaceChildren(element('b', {}, 'Instructions of a request'),
        `: ${this.cell.name}. Above the subsystems, below their functions. ` +
        'Medians over the boots.');
    byId('profile-notes').replaceChildren(...profileNotes(this.cell, this.sides));
    byId('profile-tables').replaceChildren(...this.tables());
    this.drawPicture();
    this.point(null);
  }

  drawPicture() {
    if (!this.cell) return;
    const holder = byId('profile-picture');
    this.view?.finalize();
    this.view = null;
    if (!globalThis.vega || !globalThis.vegaLite) {
      holder.replaceChildren(nothing('The library that draws pictures is not in this page, and ' +
        'was not loaded from the network. The tables below have the same counts.'));
      return;
    }
    this.width = holder.clientWidth;
    const specification = makeProfilePicture(this.page.report, this.cell, this.sides, this.width,
        this.page.look());
    const compiled = vegaLite.compile(specification, {logger: vega.logger(vega.Error)}).spec;
    holder.replaceChildren();
    this.view = new vega.View(vega.parse(compiled), {renderer: 'svg', container: holder});
    const pick = (event, item) => {
      if (this.entries.has(item?.datum?.key)) this.point(item.datum.key);
    };
    this.view.addEventListener('mousemove', pick);
    this.view.addEventListener('click', pick);
    this.view.run();
  }

  /// Marks a subsystem or function on both kernels, and says its counts.
  point(id) {
    const entry = this.entries.get(id);
    byId('profile-pointed').textContent = entry ? profileText(this.cell, this.sides, entry) :
      'Point at a bar or at a line of a table: its counts appear here.';
    this.view?.signal('pointed', id ?? '').run();
  }

  tables() {
    const entries = [...this.entries.values()];
    return [this.table('Subsystems', entries.filter(({subsystem}) => !subsystem), false),
      this.table('Functions', entries.filter(({subsystem}) => subsystem), true)];
  }

  /// The largest differences first, or the largest counts where there is one kernel.
  table(caption, entries, isFunctions) {
    const {cell, sides} = this;
    const names = sideNames(cell, sides);
    const counts = (entry) => sides.map((side) => entry.instructions[side]);
    const difference = (entry) => sides.length < 2 ? counts(entry)[0] :
      counts(entry)[1] - counts(entry)[0];
    const rows = entries.filter((entry) => counts(entry).some((count) => count > 0))
        .sort((left, right) => Math.abs(difference(right)) - Math.abs(difference(left)));
    return new Table({
      caption, rows, filter: isFunctions ? 'Filter, such as: tcp' : null,
      columns: [
        {title: isFunctions ? 'Function' : 'Subsystem', key: ({name}) => name,
          cell: ({name}) => name},
        ...(isFunctions ? [{title: 'Subsystem', key: ({subsystem}) => subsystem,
          cell: ({subsystem}) => subsystem}] : []),
        ...sides.map((side, index) => ({title: names[index], isNumber: true,
          hint: 'Instructions of a request', key: (entry) => entry.instructions[side],
          cell: (entry) => exact(entry.instructions[side])})),
        ...(sides.length < 2 ? [] : [{title: 'Difference', isNumber: true, key: difference,
          cell: (entry) => change(...counts(entry))}]),
      ],
      onRow: ({id}) => this.point(id),
    }).node;
  }
}

/// What makes two profiles differ beside the kernel's version is said, never silent.
function profileNotes(cell, sides) {
  const [before, after] = sides.map((side) => cell.kernels[side]);
  if (!after) return [];
  const names = [['method', 'Method'], ['kernel_compiler', 'Compiler'], ['guest', 'Guest'],
    ['kernel_config', 'Configuration']];
  return names.filter(([field]) => before[field] !== after[field]).map(([field, name]) =>
    element('li', {class: 'note'}, `${name} differs: `, String(before[field]) || 'unknown', ' → ',
        String(after[field]) || 'unknown'));
}

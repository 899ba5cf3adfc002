// A list: its rows filtered, sorted and shown so many at a time. A sort by owner has a heading for each owner.
const STEP = 100;
const MORE = 500;
const OWNER = 2;
const collator = new Intl.Collator('en', { numeric: true });

function compared(a, b) {
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(a, b);
}

class List {
  constructor(section, items) {
    this.section = section;
    this.table = section.querySelector('table');
    this.items = items;
    this.column = Number(section.dataset.sort);
    this.down = false;
    this.limit = STEP;
    this.matching = items;
    this.turn = 0;
    for (const item of items) item.node = document.getElementById(item.i);
    if (this.table) this.listen();
  }

  listen() {
    this.more = this.section.querySelector('.more button');
    for (const button of this.table.querySelectorAll('thead button')) {
      button.addEventListener('click', () => this.sortBy(Number(button.dataset.column)));
    }
    this.more.addEventListener('click', async () => {
      const next = this.limit;
      this.limit += MORE;
      await this.show(next);
      this.shown[next]?.node.querySelector('button.open')?.focus();
    });
  }

  async sortBy(column, down = column === this.column && !this.down) {
    if (!this.table) return;
    this.down = down;
    this.column = column;
    this.limit = STEP;
    for (const button of this.table.querySelectorAll('thead button')) {
      const mine = Number(button.dataset.column) === column;
      button.parentElement.setAttribute('aria-sort', mine ? (this.down ? 'descending' : 'ascending') : 'none');
    }
    await this.show();
  }

  async filter(fits) {
    this.matching = this.items.filter(fits);
    this.limit = STEP;
    await this.show();
  }

  sorted() {
    const sign = this.down ? -1 : 1;
    const order = (a, b) => sign * compared(a.s[this.column], b.s[this.column]) || a.s[0] - b.s[0] || a.at - b.at;
    return [...this.matching].sort(order);
  }

  // Shows the first `limit` rows, keeping the first `kept` as they are. What a newer call overtook is thrown away.
  async show(kept = 0) {
    if (!this.table) return;
    const turn = ++this.turn;
    const shown = this.sorted().slice(0, this.limit);
    const nodes = await packs.elementsOf(shown.slice(kept));
    if (turn !== this.turn) return;
    this.shown = shown;
    if (!kept) for (const body of [...this.table.tBodies]) body.remove();
    this.table.append(...this.headed(nodes, kept));
    this.tell();
  }

  tell() {
    const left = this.matching.length - this.shown.length;
    this.more.hidden = left === 0;
    this.more.textContent = `Show ${Math.min(left, MORE).toLocaleString('en')} more of ${left.toLocaleString('en')}`;
    this.section.querySelector('.nothing').hidden = this.matching.length > 0;
    this.table.hidden = this.matching.length === 0;
  }

  headed(nodes, kept) {
    if (this.column !== OWNER || this.section.id === 'inventory') return nodes;
    return nodes.flatMap((node, at) => {
      const owner = this.shown[kept + at].f[1];
      return kept + at && owner === this.shown[kept + at - 1].f[1] ? [node] : [this.heading(owner), node];
    });
  }

  heading(owner) {
    const group = document.createElement('tbody');
    group.className = 'group';
    group.setAttribute('role', 'rowgroup');
    const row = group.insertRow();
    row.setAttribute('role', 'row');
    const cell = document.createElement('th');
    cell.scope = 'rowgroup';
    cell.colSpan = 5;
    cell.setAttribute('role', 'rowheader');
    const name = document.createElement('bdi');
    const number = document.createElement('span');
    name.textContent = owner;
    number.textContent = ` ${this.matching.filter((item) => item.f[1] === owner).length.toLocaleString('en')}`;
    cell.append(name, number);
    row.append(cell);
    return group;
  }

  // Makes one row visible and open, wherever it is.
  async reveal(item) {
    const at = this.sorted().indexOf(item);
    this.limit = Math.max(this.limit, at + 1);
    await this.show();
    toggle(item.node, true);
    item.node.scrollIntoView({ block: 'start' });
    item.node.querySelector('button.open')?.focus({ preventScroll: true });
  }
}

function toggle(row, open) {
  row.classList.toggle('is-open', open);
  row.querySelector('button.open')?.setAttribute('aria-expanded', String(row.classList.contains('is-open')));
}

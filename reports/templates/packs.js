// The rows that are not in the page lie in it compressed. They are unpacked when they are wanted, and only then.
'use strict';

async function unpacked(element) {
  const bytes = Uint8Array.from(atob(element.textContent), (one) => one.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}

const packs = {
  elements: [...document.querySelectorAll('script.pack')],
  opened: new Map(),
  rows: new Map(),

  async open(number) {
    if (!this.opened.has(number)) {
      this.opened.set(number, unpacked(this.elements[number]).then((lines) => lines.forEach(([id, html]) => this.rows.set(id, html))));
    }
    return this.opened.get(number);
  },

  // The elements of these rows, in their order. Every text in a row was escaped when the report was written,
  // and the page's policy runs no script but this one.
  async elementsOf(items) {
    const wanted = new Set(items.filter((item) => !item.node && item.p >= 0).map((item) => item.p));
    await Promise.all([...wanted].map((number) => this.open(number)));
    for (const item of items.filter((one) => !one.node)) {
      const template = document.createElement('template');
      template.innerHTML = this.rows.get(item.i);
      item.node = template.content.firstElementChild;
      this.rows.delete(item.i);
    }
    return items.map((item) => item.node);
  },
};

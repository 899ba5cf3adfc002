// The page's controls: one search and one set of filters over every list, links to a finding, and opening proofs.
const DUE = 3;
const FACETS = ['severity', 'owner', 'check', 'status', 'environment'];

async function start() {
  const items = await unpacked(document.getElementById('index'));
  items.forEach((item, at) => { item.at = at; });
  const lists = [...document.querySelectorAll('section.list')].map(
    (section) => new List(section, items.filter((item) => item.l === section.id)),
  );
  const form = document.getElementById('tools');
  form.hidden = false;
  await Promise.all(lists.map((list) => list.show()));
  listen(form, lists);
  await followLink(items, lists);
  addEventListener('hashchange', () => followLink(items, lists));
  document.documentElement.dataset.ready = 'yes';
}

function listen(form, lists) {
  let waiting = 0;
  form.addEventListener('input', () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => choose(form, lists));
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  document.getElementById('clear').addEventListener('click', () => clear(form, lists));
  document.getElementById('unfold').addEventListener('click', (event) => unfold(event.currentTarget));
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button.open');
    if (button) toggle(button.closest('tbody'));
  });
  document.getElementById('by-date')?.addEventListener('click', () => lists.filter((list) => list.section.id !== 'inventory').forEach((list) => list.sortBy(DUE, false)));
  const filters = form.querySelector('.filters');
  filters.open = matchMedia('(min-width: 760px)').matches;
}

async function choose(form, lists) {
  const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = FACETS.map((name) => form.elements[name]?.value || '');
  const fits = (item) => wanted.every((value, at) => !value || item.f[at] === value) && words.every((word) => item.t.includes(word));
  await Promise.all(lists.map((list) => list.filter(fits)));
  say(lists, words.length > 0 || wanted.some(Boolean), wanted.filter(Boolean).length);
}

function say(lists, chosen, filters) {
  const told = (list) => `${list.matching.length.toLocaleString('en')} in ${list.section.querySelector('h3').firstChild.textContent.trim()}`;
  const any = lists.filter((list) => list.matching.length);
  const all = lists.reduce((sum, list) => sum + list.matching.length, 0);
  document.getElementById('active').textContent = filters ? `(${filters})` : '';
  document.getElementById('shown').textContent = !chosen ? '' : all ? `${all.toLocaleString('en')} found: ${any.map(told).join(', ')}` : 'Nothing found';
}

function unfold(button) {
  const open = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(open));
  button.textContent = open ? 'Close all' : 'Open all shown';
  for (const row of document.querySelectorAll('tbody.finding')) toggle(row, open);
}

async function clear(form, lists) {
  form.reset();
  await choose(form, lists);
}

async function followLink(items, lists) {
  const id = decodeURIComponent(location.hash.slice(1));
  const item = items.find((one) => one.i === id);
  if (!item) return;
  await clear(document.getElementById('tools'), lists);
  await lists.find((list) => list.section.id === item.l).reveal(item);
}

start();

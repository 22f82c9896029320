/** The script of the derivative explorer: choosing, searching, panning and zooming. It runs in the page, by itself. */
import type { ExplorerData, ExplorerKernel, ExplorerValue } from './data.js';

const byId = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`internal: the page has no #${id}`);
  return element;
};

/** The page's own data: written by the same package, so its form is known. */
const parseData = (text: string): ExplorerData => JSON.parse(text);

const data = parseData(byId('data').textContent ?? '');
const { values, kernels } = data;
const viewport = byId('viewport');
const details = byId('details');
const queryField = byId('query');
const svg = viewport.querySelector('svg');
if (svg === null) throw new Error('internal: the page has no drawing');

const nodeOf = (position: number): Element | null => document.getElementById(`n${position}`);
const usersOf = values.map((_, i) => values.flatMap(({ uses }, user) => (uses.includes(i) ? [user] : [])));

// Pan and zoom: the view box of the drawing, in its own units.
const whole = svg.viewBox.baseVal;
const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
const box = { ...full };
svg.setAttribute('preserveAspectRatio', 'xMidYMid meet');

const show = (): void => svg.setAttribute('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`);

const zoomAt = (factor: number, x = box.x + box.width / 2, y = box.y + box.height / 2): void => {
  const scale = Math.min(Math.max(factor, (0.02 * full.width) / box.width), (4 * full.width) / box.width);
  box.x = x - (x - box.x) * scale;
  box.y = y - (y - box.y) * scale;
  box.width *= scale;
  box.height *= scale;
  show();
};

const fit = (): void => {
  Object.assign(box, full);
  show();
};

/** Screen to drawing. */
const pointAt = (clientX: number, clientY: number): DOMPoint => {
  const matrix = svg.getScreenCTM();
  const point = new DOMPoint(clientX, clientY);
  return matrix === null ? point : point.matrixTransform(matrix.inverse());
};

/** Units of the drawing per pixel of the screen. */
const unitsPerPixel = (): number => 1 / (svg.getScreenCTM()?.a ?? 1);

// Units per pixel at which texts (of 12 units) are read with ease, and the most at which they can be read at all.
const comfortable = 0.9;
const legible = 1.5;

/** Close enough to be read, from a point on. */
const readFrom = (x: number, y: number): void => {
  const [width, height] = [viewport.clientWidth * comfortable, viewport.clientHeight * comfortable];
  Object.assign(box, { x, y, width, height });
  show();
};

/** Moves the view so that a value is in its middle, close enough to be read. */
const centre = (position: number): void => {
  const node = nodeOf(position);
  if (node === null) return;
  const { left, top, width, height } = node.getBoundingClientRect();
  const middle = pointAt(left + width / 2, top + height / 2);
  if (unitsPerPixel() > 1) readFrom(box.x, box.y);
  box.x = middle.x - box.width / 2;
  box.y = middle.y - box.height / 2;
  show();
};

const element = (tag: string, text = '', ...children: readonly Node[]): HTMLElement => {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
};

const list = (entries: readonly (readonly [string, string | Node])[]): HTMLElement =>
  element(
    'dl',
    '',
    ...entries.flatMap(([term, value]) => {
      const description = element('dd', typeof value === 'string' ? value : '');
      if (typeof value !== 'string') description.append(value);
      return [element('dt', term), description];
    }),
  );

/** Values as buttons that choose them, and names of data. */
const links = (positions: readonly number[], names: readonly string[]): HTMLElement => {
  const made = element('span');
  made.className = 'links';
  for (const position of positions) {
    const button = element('button', values[position]?.name ?? '');
    button.setAttribute('type', 'button');
    button.addEventListener('click', () => choose(position, true));
    made.append(button);
  }
  made.append(...names.map((name) => element('span', name)));
  return made;
};

const grouped = (count: number): string => Math.round(count).toLocaleString('en');

const on = data.target === undefined ? '' : ` on ${data.target}`;

const kernelPart = (kernel: ExplorerKernel): readonly HTMLElement[] => [
  element('h3', `Kernel ${kernel.name}`),
  list([
    ['after fusion', `${kernel.stores} = ${kernel.expression}`],
    ['on the way', kernel.fused.join(', ') || 'nothing else'],
    ['reads', kernel.reads.join(', ') || 'nothing'],
    ['FLOPs', grouped(kernel.flops)],
    ['bytes', `${grouped(kernel.bytes)} (${kernel.intensity.toFixed(2)} FLOP/B)`],
    [
      'time',
      kernel.milliseconds === undefined ? 'not measured (--profile)' : `${kernel.milliseconds.toFixed(3)} ms${on}`,
    ],
  ]),
  ...kernel.sources.map(({ language, text }) => {
    const source = element('pre', text);
    source.tabIndex = 0;
    source.setAttribute('aria-label', `${language} source of ${kernel.name}`);
    const part = element('details', '', element('summary', `${language} source`), source);
    part.className = 'source';
    part.setAttribute('open', '');
    return part;
  }),
];

const describe = (position: number, value: ExplorerValue): readonly HTMLElement[] => {
  const stage = data.stages[value.stage];
  const lane = data.lanes.find((candidate) => candidate.lane === value.lane);
  const users = usersOf[position] ?? [];
  return [
    element('h2', value.name),
    list([
      ['shape', value.shape],
      ['lane', lane?.title ?? value.lane],
      ['stage', stage === undefined ? '' : `${stage.name}: ${stage.runs}`],
      ['rule', value.rule],
      ['derived', `${value.name} = ${value.derived}`],
      ['simplified', value.definition === value.derived ? 'as derived' : `${value.name} = ${value.definition}`],
      ['made of', links(value.uses, value.reads)],
      ['used by', users.length === 0 ? 'nothing: a result' : links(users, [])],
    ]),
    ...value.kernels.flatMap((kernel) => kernels[kernel] ?? []).flatMap(kernelPart),
  ];
};

let chosen = -1;

const mark = (position: number, on: boolean): void => {
  nodeOf(position)?.classList.toggle('chosen', on);
  for (const button of document.querySelectorAll(`#index [data-value="${position}"]`)) {
    if (on) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
    if (on) button.scrollIntoView({ block: 'nearest' });
  }
  for (const edge of svg.querySelectorAll('.edge')) {
    const ends = edge.id.split('-');
    if (ends.includes(`n${position}`)) edge.classList.toggle('near', on);
  }
};

const choose = (position: number, move: boolean): void => {
  const value = values[position];
  if (value === undefined) return;
  mark(chosen, false);
  chosen = position;
  mark(chosen, true);
  details.replaceChildren(...describe(position, value));
  details.scrollTop = 0;
  if (move) centre(position);
};

const matchesOf = (query: string): readonly number[] => {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return [];
  const texts = (value: ExplorerValue) => [value.key, value.name, value.operation, ...value.mentions];
  const exact = values.flatMap((value, i) => (value.key.toLowerCase() === wanted ? [i] : []));
  const rest = values.flatMap((value, i) =>
    texts(value).some((text) => text.toLowerCase().includes(wanted)) && !exact.includes(i) ? [i] : [],
  );
  return [...exact, ...rest];
};

const search = (go: boolean): void => {
  const query = queryField instanceof HTMLInputElement ? queryField.value : '';
  const found = matchesOf(query);
  for (const [i] of values.entries())
    for (const shown of [nodeOf(i), ...document.querySelectorAll(`#index [data-value="${i}"]`)])
      shown?.classList.toggle('match', found.includes(i));
  byId('matches').textContent = query.trim() === '' ? '' : `${found.length} found`;
  const next = found[(found.indexOf(chosen) + 1) % Math.max(1, found.length)];
  if (go && next !== undefined) choose(next, true);
};

// Every box of the drawing is a button by name; the list beside it holds the same values for the Tab key.
for (const [i, value] of values.entries()) {
  const node = nodeOf(i);
  node?.setAttribute('role', 'button');
  node?.setAttribute('aria-label', `${value.name}, ${value.shape}, ${value.operation}`);
  node?.querySelector('title')?.remove();
}

const valueAt = (target: EventTarget | null): number => {
  const node = target instanceof Element ? target.closest('.node.value') : null;
  return node === null ? -1 : Number(node.id.slice(1));
};

const keys: Readonly<Record<string, () => void>> = {
  ArrowDown: () => choose(Math.min(chosen + 1, values.length - 1), true),
  ArrowUp: () => choose(Math.max(chosen - 1, 0), true),
  ArrowLeft: () => choose(values[chosen]?.uses.at(-1) ?? chosen, true),
  ArrowRight: () => choose(usersOf[chosen]?.[0] ?? chosen, true),
  '+': () => zoomAt(0.8),
  '=': () => zoomAt(0.8),
  '-': () => zoomAt(1.25),
  '0': fit,
};

viewport.addEventListener('keydown', (event) => {
  const action = keys[event.key];
  if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});

viewport.addEventListener(
  'wheel',
  (event) => {
    event.preventDefault();
    const { x, y } = pointAt(event.clientX, event.clientY);
    zoomAt(1.0015 ** event.deltaY, x, y);
  },
  { passive: false },
);

// A press that moves drags the drawing; one that does not chooses.
let drag: { readonly x: number; readonly y: number; moved: boolean } | undefined;

viewport.addEventListener('pointerdown', (event) => {
  drag = { x: event.clientX, y: event.clientY, moved: false };
});

viewport.addEventListener('pointermove', (event) => {
  if (drag === undefined) return;
  const moved = drag.moved || Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
  if (!moved) return;
  if (!drag.moved) viewport.setPointerCapture(event.pointerId);
  viewport.classList.add('dragging');
  const scale = unitsPerPixel();
  box.x -= (event.clientX - drag.x) * scale;
  box.y -= (event.clientY - drag.y) * scale;
  drag = { x: event.clientX, y: event.clientY, moved: true };
  show();
});

const endDrag = (): void => {
  drag = undefined;
  viewport.classList.remove('dragging');
};

viewport.addEventListener('pointerup', (event) => {
  const position = drag?.moved === false ? valueAt(event.target) : -1;
  endDrag();
  if (position >= 0) choose(position, false);
});
viewport.addEventListener('pointercancel', endDrag);

const zooms: Readonly<Record<string, () => void>> = { in: () => zoomAt(0.8), out: () => zoomAt(1.25), fit };

for (const button of document.querySelectorAll<HTMLElement>('[data-zoom]'))
  button.addEventListener('click', () => zooms[button.dataset.zoom ?? '']?.());
for (const button of document.querySelectorAll<HTMLElement>('#index [data-value]'))
  button.addEventListener('click', () => choose(Number(button.dataset.value), true));

queryField.addEventListener('input', () => search(false));
byId('search').addEventListener('submit', (event) => {
  event.preventDefault();
  search(true);
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === queryField) return;
  event.preventDefault();
  queryField.focus();
});

// As a whole where that can be read, else at the start of the first lane, which is where the drawing begins.
show();
if (unitsPerPixel() > legible) readFrom(full.x, full.y);

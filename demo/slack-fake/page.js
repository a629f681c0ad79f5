// Draws what one person of the workspace sees, and sends what they click and type.

import { block, dateText, element } from './draw.js';

const at = (id) => document.getElementById(id);
let you = new URLSearchParams(location.search).get('you') ?? '';
let place = '';
let version = '';
let state = null;
const drawn = new Map();

async function act(what) {
  at('problem').textContent = '';
  const response = await fetch('/act', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(what),
  });
  const { problem, error } = await response.json();
  const words = error ?? (problem === null ? '' : `The app did not answer: ${problem}. Try again.`);
  at('problem').textContent = words;
  await look();
}

function clock(ms) {
  return new Date(ms).toLocaleTimeString([], { hour12: false });
}

function article(message, kind, press) {
  const { by = 'firebreak', app = true, at: ms, edits = 0, files = [] } = message;
  const notes = [
    app ? 'app' : '',
    clock(ms),
    kind.includes('whisper') ? 'only visible to you' : '',
    edits > 0 ? `edited ${edits} times` : '',
  ];
  return element(
    'article',
    { name: kind, 'data-ts': message.ts ?? '' },
    element(
      'div',
      { name: 'by' },
      element('b', { text: by }),
      ...notes.filter((note) => note !== '').map((text) => element('span', { text })),
    ),
    ...message.blocks.map((one) => block(one, press)),
    ...files.map(({ id, title, alt }) => picture(id, title, alt)),
  );
}

function picture(id, title, alt) {
  return element(
    'figure',
    {},
    element('figcaption', { text: title }),
    element('img', { src: `/file/${encodeURIComponent(id)}`, alt }),
  );
}

/** A message that did not change keeps its elements, so that nobody loses a button under their finger. */
function kept(key, data, make) {
  const text = JSON.stringify(data);
  const known = drawn.get(key);
  if (known?.text === text) return known.made;
  const made = make();
  drawn.set(key, { text, made });
  return made;
}

function replyForm(ts, channel) {
  const text = element('input', { placeholder: 'Reply in thread', autocomplete: 'off', maxlength: 4000 });
  text.setAttribute('aria-label', 'Reply in thread');
  const form = element('form', { name: 'reply' }, text, element('button', { type: 'submit', text: 'Reply' }));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (words === '') return;
    text.value = '';
    void act({ act: 'say', you, channel, thread: ts, text: words });
  });
  return form;
}

function messageElement(message, kind) {
  const { channel, ts } = message;
  const key = `message ${channel} ${ts} ${you}`;
  return kept(key, message, () =>
    article(message, kind, (action) => act({ act: 'click', you, channel, ts, action })),
  );
}

function whisperElement(message, index) {
  const kind = message.thread === null ? 'whisper' : 'whisper reply';
  const press = (action) => act({ act: 'click_whisper', you, at: index, action });
  return kept(`whisper ${index} ${you}`, message, () => article(message, kind, press));
}

function thread(root, whispers) {
  const { channel, ts } = root;
  const replies = state.messages.filter((one) => one.channel === channel && one.thread === ts);
  const items = [
    ...replies.map((one) => ({ ms: Number(one.ts) * 1000, made: messageElement(one, 'reply') })),
    ...whispers
      .filter(({ one }) => one.channel === channel && one.thread === ts)
      .map(({ one, index }) => ({ ms: one.at, made: whisperElement(one, index) })),
  ];
  items.sort((a, b) => a.ms - b.ms);
  const form = kept(`form ${channel} ${ts}`, '', () => replyForm(ts, channel));
  return [messageElement(root, ''), ...items.map(({ made }) => made), form];
}

function channelView() {
  const whispers = state.whispers.map((one, index) => ({ one, index }));
  const roots = state.messages.filter((one) => one.channel === place && one.thread === null);
  const items = [
    ...roots.map((one) => ({ ms: Number(one.ts) * 1000, made: thread(one, whispers) })),
    ...whispers
      .filter(({ one }) => one.channel === place && one.thread === null)
      .map(({ one, index }) => ({ ms: one.at, made: [whisperElement(one, index)] })),
  ];
  items.sort((a, b) => a.ms - b.ms);
  const empty = items.length === 0 ? [element('p', { text: 'Nothing was said here yet.' })] : [];
  return [...empty, ...items.flatMap(({ made }) => made)];
}

/** Puts elements in order without touching those that stand right, so that scrolling and typing go on. */
function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, index) => {
    if (parent.childNodes[index] !== child) parent.insertBefore(child, parent.childNodes[index] ?? null);
  });
}

function draw() {
  const people = at('you');
  arrange(
    people,
    state.people.map(({ id, name }) =>
      kept(`person ${id}`, name, () => element('option', { value: id, text: name })),
    ),
  );
  people.value = state.you;
  if (place === '') place = state.channels[0]?.id ?? 'home';
  const tabs = [...state.channels.map(({ id, name }) => [id, `#${name}`]), ['home', 'Home']];
  arrange(
    at('places'),
    tabs.map(([id, name]) => kept(`tab ${id}`, [name, place === id], () => tab(id, name))),
  );
  const main = at('messages');
  const isAtEnd = main.scrollHeight - main.scrollTop - main.clientHeight < 60;
  arrange(main, place === 'home' ? homeView() : channelView());
  if (isAtEnd && state.messages.length > 0) main.scrollTop = main.scrollHeight;
  drawWindow();
}

function homeView() {
  return state.home.map((one, index) => kept(`home ${index} ${you}`, one, () => block(one, () => {})));
}

function tab(id, name) {
  const made = element('button', {
    type: 'button',
    text: name,
    ...(place === id ? { 'aria-current': 'page' } : {}),
  });
  made.addEventListener('click', () => {
    place = id;
    at('write').hidden = id === 'home';
    if (id === 'home') void act({ act: 'home', you });
    draw();
  });
  return made;
}

function drawWindow() {
  const dialog = at('window');
  const { window: view } = state;
  if (view === null) {
    if (dialog.open) dialog.close();
    dialog.dataset.id = '';
    return;
  }
  if (dialog.dataset.id !== view.id) {
    dialog.dataset.id = view.id;
    dialog.replaceChildren(windowForm(view));
  }
  for (const place of dialog.querySelectorAll('.error'))
    place.textContent = view.errors[place.dataset.for] ?? '';
  if (!dialog.open) dialog.showModal();
}

function windowForm(view) {
  const cancel = element('button', { type: 'button', text: view.close });
  cancel.addEventListener('click', () => act({ act: 'dismiss', window: view.id }));
  const send =
    view.submit === null ? [] : [element('button', { type: 'submit', text: view.submit, name: 'primary' })];
  const form = element(
    'form',
    { name: 'window' },
    element(
      'div',
      {},
      element('h2', { text: view.title }),
      ...view.blocks.map((one) => block(one, () => {})),
      element('div', { name: 'actions' }, ...send, cancel),
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fields = [...form.querySelectorAll('[name]')].filter(({ name }) => name);
    void act({
      act: 'submit',
      window: view.id,
      values: Object.fromEntries(fields.map(({ name, value }) => [name, value])),
    });
  });
  return form;
}

async function look() {
  const response = await fetch(`/state?you=${encodeURIComponent(you)}&version=${version}`);
  if (response.status !== 200) return;
  version = response.headers.get('x-version') ?? '';
  state = await response.json();
  you = state.you;
  draw();
}

async function follow() {
  for (;;) {
    await look().catch(() => {
      at('problem').textContent = 'The demo has ended.';
    });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

at('write').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = at('text').value.trim();
  if (text === '') return;
  at('text').value = '';
  void act({ act: 'say', you, channel: place, thread: null, text });
});
at('you').addEventListener('change', (event) => {
  you = event.target.value;
  version = '';
  void look();
});
at('phone').addEventListener('click', () => {
  const on = at('page').classList.toggle('phone');
  at('phone').setAttribute('aria-pressed', String(on));
});
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && state?.window) void act({ act: 'dismiss', window: state.window.id });
});
setInterval(() => {
  for (const made of document.querySelectorAll('time[data-at]'))
    made.textContent = dateText({ at: Number(made.dataset.at), format: made.dataset.format });
}, 1000);
void follow();

// Elements for what Slack's blocks hold. Whatever comes from the server is put in as text; the only elements are the ones
// made here.

export function element(tag, { text, name, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const TAGS = { bold: 'strong', italic: 'em', strike: 's', quote: 'blockquote', code: 'code', pre: 'pre' };

function rich(node) {
  switch (node.t) {
    case 'text':
      return document.createTextNode(node.text);
    case 'break':
      return element('br');
    case 'mention':
      return element('span', { name: 'mention', text: node.text });
    case 'link':
      return element('a', { text: node.text, href: node.href, rel: 'noreferrer noopener', target: '_blank' });
    case 'date':
      return element('time', {
        text: dateText(node),
        'data-at': node.at,
        'data-format': node.format,
        title: node.text,
      });
    case 'code':
    case 'pre':
      return element(TAGS[node.t], { text: node.text });
    default:
      return element(TAGS[node.t], {}, ...node.in.map(rich));
  }
}

export function dateText({ at: seconds, format }) {
  const when = new Date(seconds * 1000);
  const time = when.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
  const day = when.toDateString() === new Date().toDateString() ? 'today' : when.toLocaleDateString();
  return format.replaceAll(/\{(\w+)\}/g, (token, name) => {
    if (name === 'ago') return ago(Date.now() / 1000 - seconds);
    if (name === 'time' || name === 'time_secs') return name === 'time' ? time : when.toLocaleTimeString();
    return name.startsWith('date') ? day : token;
  });
}

function ago(seconds) {
  const length = Math.max(0, Math.round(seconds));
  if (length < 60) return `${length} seconds ago`;
  const minutes = Math.round(length / 60);
  return minutes < 60 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

export function block(one, press) {
  if (one.t === 'line') return element('hr');
  if (one.t === 'input') return input(one);
  if (one.t === 'actions')
    return element('div', { name: 'actions' }, ...one.elements.map((each) => pressable(each, press)));
  return element(
    'div',
    { name: `block ${one.t === 'text' ? '' : one.t}` },
    ...one.texts.map((nodes) => element('div', {}, ...nodes.map(rich))),
  );
}

function pressable(one, press) {
  if (one.t !== 'button') return element('em', { text: `(${one.type ?? one.t})` });
  const made = element('button', {
    type: 'button',
    text: one.text,
    name: one.style,
    'data-action': one.action,
  });
  made.addEventListener('click', () => press(one.action));
  return made;
}

function input({ id, label, hint, element: of }) {
  const field =
    of.t === 'choice'
      ? // Nothing is chosen until somebody chooses.
        element(
          'select',
          {},
          element('option', { text: '', value: '' }),
          ...of.options.map(({ text, value }) => element('option', { text, value })),
        )
      : element(of.lines ? 'textarea' : 'input', { maxlength: of.most ?? 3000, autocomplete: 'off' });
  field.value = of.initial || field.value;
  field.name = id;
  const error = element('div', { name: 'error', role: 'alert', 'data-for': id });
  return element(
    'div',
    { name: 'block' },
    element('label', { text: label }, field),
    element('div', { name: 'hint', text: hint }),
    error,
  );
}

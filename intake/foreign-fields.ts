import { parseJson } from '#core/canonical.ts';
import { type Labels, labelsOf, oneLine } from './foreign-text.ts';
import { objectOf } from './parsed.ts';

/**
 * The members of a foreign alert by the words that monitoring systems use for them, whatever the case and the marks between
 * words: `AlarmName`, `alarm_name` and `alarm-name` are one key.
 */
export type ForeignFields = {
  /** The alert itself first, then what it is wrapped around: an alert in an envelope says the same one level deeper. */
  readonly layers: readonly Fields[];
  /** Its labels, and its tags where they are written as `name:value`. */
  readonly labels: Labels;
};
type Fields = ReadonlyMap<string, unknown>;

/** What an envelope holds its alert in. */
const INNER = [
  'incident',
  'alert',
  'event',
  'problem',
  'issue',
  'message',
  'data',
  'payload',
  'detail',
  'checkresult',
  'inputs',
];
const LIMITS = { depth: 32, nodes: 5000, floats: true };
const MOST_TAGS = 100;

const plain = (key: string): string => key.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Reads an alert of an unknown sender. Does not throw. */
export function foreignFields(item: Readonly<Record<string, unknown>>): ForeignFields {
  const own = fieldsOf(item);
  const layers = [own];
  for (const key of INNER) {
    const inner = opened(own.get(key));
    if (inner !== undefined) layers.push(fieldsOf(inner));
  }
  const labels = new Map<string, string>();
  for (const layer of layers.toReversed()) {
    for (const found of [
      tagsOf(layer.get('tags')),
      labelsOf(layer.get('commonlabels')),
      labelsOf(layer.get('labels')),
    ])
      for (const [name, text] of found) labels.set(name, text);
  }
  return { layers, labels };
}

function fieldsOf(item: Readonly<Record<string, unknown>>): Fields {
  const fields = new Map<string, unknown>();
  for (const [key, value] of Object.entries(item)) {
    const name = plain(key);
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/** An object, also one that is written as text inside of another. */
function opened(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'string') return objectOf(value);
  if (!/^\s*\{/.test(value)) return undefined;
  const parsed = parseJson(value, LIMITS);
  return parsed.kind === 'ok' ? objectOf(parsed.value) : undefined;
}

/** `["env:prod", ...]` or `env:prod,team:db`; a tag without a name is none. */
function tagsOf(value: unknown): Labels {
  const list = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.slice(0, 4000).split(',')
      : [];
  const labels = new Map<string, string>();
  for (const tag of list.slice(0, MOST_TAGS)) {
    const found =
      typeof tag === 'string' ? /^\s*([\w./-]{1,60})[:=](.{1,200})$/.exec(tag.slice(0, 300)) : null;
    if (found?.[1] !== undefined && found[2] !== undefined) labels.set(found[1], found[2].trim());
  }
  return labels;
}

/** The first of these members that says something, layer by layer; of an object, its name. */
export function said({ layers }: ForeignFields, keys: readonly string[], max: number): string {
  for (const layer of layers) {
    for (const key of keys) {
      const text = oneLine(worded(layer.get(key)), max);
      if (text !== '') return text;
    }
  }
  return '';
}

/** The first of these members that is there, as it was sent. */
export function sent({ layers }: ForeignFields, keys: readonly string[]): unknown {
  for (const layer of layers) {
    for (const key of keys) {
      const value = layer.get(key);
      if (value !== undefined && value !== null && value !== '') return value;
    }
  }
  return undefined;
}

/** JSON that was sent as text is no words. */
function worded(value: unknown): unknown {
  if (typeof value === 'string') return opened(value) === undefined ? value : '';
  const object = objectOf(value);
  if (object === undefined) return value;
  const fields = fieldsOf(object);
  return ['name', 'displayname', 'title', 'label', 'summary', 'value']
    .map((key) => fields.get(key))
    .find(isText);
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

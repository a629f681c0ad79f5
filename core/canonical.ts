import { FirebreakError } from './errors.ts';

/** The closed JSON type that is hashed, logged and compared: nothing else can be written to the log. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type JsonObject = { readonly [key: string]: JsonValue };

export const MAX_DEPTH = 32;
export const MAX_NODES = 2000;

/** Keys that would reach an object's prototype when copied carelessly, or break whoever makes text of it. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  'toString',
]);

const PLAIN_ASCII = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

type Walk = { nodes: number; path: (string | number)[] };

/**
 * The one text of a JSON value (RFC 8785 over a closed type): keys sorted by UTF-16 code units, no white space.
 * Throws `json_invalid` naming the path for anything outside the type: floats, -0, lone surrogates, text that is not
 * NFC, undefined, objects with a prototype of their own, forbidden keys, depth > 32, more than 2000 nodes.
 */
export function canonical(value: JsonValue): string {
  return encode(value, { nodes: 0, path: [] });
}

function encode(value: unknown, walk: Walk): string {
  walk.nodes += 1;
  if (walk.nodes > MAX_NODES) throw refuse(walk, `more than ${MAX_NODES} values`);
  switch (typeof value) {
    case 'string':
      return encodeString(value, walk);
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw refuse(walk, 'not a safe integer');
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : encodeContainer(value, walk);
    default:
      throw refuse(walk, `${typeof value} is not JSON`);
  }
}

function encodeContainer(value: object, walk: Walk): string {
  if (walk.path.length >= MAX_DEPTH) throw refuse(walk, `deeper than ${MAX_DEPTH}`);
  if (Array.isArray(value)) return encodeArray(value, walk);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refuse(walk, 'not a plain object');
  return encodeObject(value, walk);
}

function encodeArray(items: readonly unknown[], walk: Walk): string {
  let text = '[';
  for (let i = 0; i < items.length; i += 1) {
    walk.path.push(i);
    text += (i === 0 ? '' : ',') + encode(items[i], walk);
    walk.path.pop();
  }
  return `${text}]`;
}

function encodeObject(value: object, walk: Walk): string {
  const members = Object.entries(value).sort(byKey);
  let text = '{';
  for (const [key, member] of members) {
    walk.path.push(key);
    if (FORBIDDEN_KEYS.has(key)) throw refuse(walk, 'forbidden key');
    text += `${text.length === 1 ? '' : ','}${encodeString(key, walk)}:${encode(member, walk)}`;
    walk.path.pop();
  }
  return `${text}}`;
}

/** `<` on strings compares UTF-16 code units, which is the order RFC 8785 asks for. */
function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function encodeString(text: string, walk: Walk): string {
  if (PLAIN_ASCII.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw refuse(walk, 'text with a lone surrogate');
  if (text.normalize('NFC') !== text) throw refuse(walk, 'text is not NFC');
  return JSON.stringify(text);
}

function refuse(walk: Walk, reason: string): FirebreakError {
  const steps = walk.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return new FirebreakError('json_invalid', `$${steps.join('')}: ${reason}`);
}

/** Why a text was refused by `parseJson`. */
export type JsonRefusal =
  | 'syntax'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'too_deep'
  | 'too_many_nodes'
  | 'number'
  | 'lone_surrogate';

export type ParsedJson = { kind: 'ok'; value: JsonValue } | { kind: 'invalid'; reason: JsonRefusal };

export type JsonLimits = { depth?: number; nodes?: number; floats?: boolean };

type Reader = {
  text: string;
  at: number;
  depth: number;
  nodes: number;
  limits: Required<JsonLimits>;
  reason: JsonRefusal;
};

const WHITE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * Reads untrusted JSON text strictly, in linear time and with bounded stack. Never throws. Refuses duplicate and
 * forbidden keys, lone surrogates, more than `depth` (32) levels or `nodes` (2000) values, and numbers that are not
 * safe integers unless `floats` is set (then every finite number passes). Text need not be NFC.
 */
export function parseJson(text: string, limits: JsonLimits = {}): ParsedJson {
  const all = { depth: MAX_DEPTH, nodes: MAX_NODES, floats: false, ...limits };
  const reader: Reader = { text, at: 0, depth: 0, nodes: 0, limits: all, reason: 'syntax' };
  const value = readValue(reader);
  if (value === undefined) return { kind: 'invalid', reason: reader.reason };
  match(reader, WHITE);
  return reader.at === text.length ? { kind: 'ok', value } : { kind: 'invalid', reason: 'syntax' };
}

/** Undefined means refused, here and below; the reason is in the reader. */
function readValue(reader: Reader): JsonValue | undefined {
  reader.nodes += 1;
  if (reader.nodes > reader.limits.nodes) return fail(reader, 'too_many_nodes');
  match(reader, WHITE);
  const first = reader.text[reader.at];
  if (first === '"') return readString(reader);
  if (first === '{' || first === '[') return readContainer(reader, first);
  const word = match(reader, WORD);
  return word === '' ? readNumber(reader) : word === 'null' ? null : word === 'true';
}

function readContainer(reader: Reader, open: '{' | '['): JsonValue | undefined {
  if (reader.depth >= reader.limits.depth) return fail(reader, 'too_deep');
  reader.depth += 1;
  reader.at += 1;
  const value = open === '{' ? readObject(reader) : readArray(reader);
  reader.depth -= 1;
  return value;
}

function readArray(reader: Reader): JsonValue | undefined {
  const items: JsonValue[] = [];
  if (take(reader, ']')) return items;
  do {
    const item = readValue(reader);
    if (item === undefined) return undefined;
    items.push(item);
  } while (take(reader, ','));
  return take(reader, ']') ? items : fail(reader, 'syntax');
}

function readObject(reader: Reader): JsonValue | undefined {
  const members: Record<string, JsonValue> = {};
  if (take(reader, '}')) return members;
  do {
    match(reader, WHITE);
    const key = readString(reader);
    if (key === undefined) return undefined;
    if (FORBIDDEN_KEYS.has(key)) return fail(reader, 'forbidden_key');
    if (Object.hasOwn(members, key)) return fail(reader, 'duplicate_key');
    const member = take(reader, ':') ? readValue(reader) : fail(reader, 'syntax');
    if (member === undefined) return undefined;
    members[key] = member;
  } while (take(reader, ','));
  return take(reader, '}') ? members : fail(reader, 'syntax');
}

/** Finds the closing quote by hand, so that the engine's parser sees each piece of text once. */
function readString(reader: Reader): string | undefined {
  const { text, at } = reader;
  if (text[at] !== '"') return fail(reader, 'syntax');
  let end = text.indexOf('"', at + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  if (end < 0) return fail(reader, 'syntax');
  reader.at = end + 1;
  try {
    const value: string = JSON.parse(text.slice(at, end + 1));
    return value.isWellFormed() ? value : fail(reader, 'lone_surrogate');
  } catch {
    return fail(reader, 'syntax');
  }
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function readNumber(reader: Reader): number | undefined {
  const digits = match(reader, NUMBER);
  if (digits === '') return fail(reader, 'syntax');
  const value = Number(digits);
  const fits = reader.limits.floats
    ? Number.isFinite(value)
    : Number.isSafeInteger(value) && !Object.is(value, -0);
  return fits ? value : fail(reader, 'number');
}

function match(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0] ?? '';
  reader.at += found.length;
  return found;
}

function take(reader: Reader, mark: string): boolean {
  match(reader, WHITE);
  if (reader.text[reader.at] !== mark) return false;
  reader.at += 1;
  return true;
}

function fail(reader: Reader, reason: JsonRefusal): undefined {
  reader.reason = reason;
  return undefined;
}

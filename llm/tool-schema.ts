import type { JsonObject, JsonValue } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import type { ToolSpec } from './model.ts';

/** The vendors whose strict tools differ in what a schema may say. */
export type SchemaVendor = 'anthropic' | 'openai';

const common = [
  'type',
  'description',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
  'const',
];

/** What each vendor enforces while the model writes. All else is said in the description and enforced by our own parser. */
const enforced: Readonly<Record<SchemaVendor, ReadonlySet<string>>> = {
  anthropic: new Set(common),
  openai: new Set([...common, 'pattern', 'minimum', 'maximum', 'minItems', 'maxItems']),
};

/** Ways to write a schema that one vendor or the other refuses or silently drops. */
const unportable = [
  'oneOf',
  'allOf',
  'not',
  '$ref',
  '$defs',
  'patternProperties',
  'propertyNames',
  'default',
  'prefixItems',
];

const converted: Readonly<Record<SchemaVendor, WeakMap<ToolSpec, JsonObject>>> = {
  anthropic: new WeakMap(),
  openai: new WeakMap(),
};

/**
 * A tool's arguments as the vendor's strict mode takes them; converted once per tool. Nothing is lost: what the vendor
 * cannot enforce is written into the description. Throws `bug` for a schema outside the portable subset (closed
 * objects, every field required, `anyOf` only), which shows at start.
 */
export function toolSchemaFor(vendor: SchemaVendor, tool: ToolSpec): JsonObject {
  const known = converted[vendor].get(tool);
  if (known !== undefined) return known;
  const schema = convert(tool.schema, { allowed: enforced[vendor], path: tool.name });
  if (schema.type !== 'object') throw unfit(tool.name, 'arguments must be one object');
  converted[vendor].set(tool, schema);
  return schema;
}

type Place = { readonly allowed: ReadonlySet<string>; readonly path: string };

function convert(schema: JsonValue, place: Place): JsonObject {
  if (!isObject(schema)) throw unfit(place.path, 'not a schema');
  const found = unportable.find((keyword) => keyword in schema);
  if (found !== undefined) throw unfit(place.path, `uses ${found}`);
  if (schema.type === 'object') requireClosed(schema, place.path);
  // Strict modes want both lists even where an object has no field.
  const kept: Record<string, JsonValue> = schema.type === 'object' ? { properties: {}, required: [] } : {};
  const told: string[] = typeof schema.description === 'string' ? [schema.description] : [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'description' || keyword === '$schema') continue;
    if (place.allowed.has(keyword)) kept[keyword] = inner(keyword, value, place);
    else if (!isTrivial(keyword, value)) told.push(`${keyword}: ${JSON.stringify(value)}`);
  }
  return told.length === 0 ? kept : { ...kept, description: told.join('; ') };
}

function inner(keyword: string, value: JsonValue, { allowed, path }: Place): JsonValue {
  if (keyword === 'items') return convert(value, { allowed, path: `${path}[]` });
  if (keyword === 'anyOf' && Array.isArray(value)) {
    return value.map((option: JsonValue, index) => convert(option, { allowed, path: `${path}|${index}` }));
  }
  if (keyword !== 'properties' || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      convert(field, { allowed, path: `${path}.${name}` }),
    ]),
  );
}

/** The range of a safe integer is what an integer has anyway. */
function isTrivial(keyword: string, value: JsonValue): boolean {
  return (
    (keyword === 'maximum' && value === Number.MAX_SAFE_INTEGER) ||
    (keyword === 'minimum' && value === Number.MIN_SAFE_INTEGER)
  );
}

function requireClosed(schema: JsonObject, path: string): void {
  const fields = isObject(schema.properties ?? {}) ? Object.keys(Object(schema.properties ?? {})) : [];
  const required: readonly JsonValue[] = Array.isArray(schema.required) ? schema.required : [];
  if (schema.additionalProperties !== false) throw unfit(path, 'takes fields that it does not name');
  if (!fields.every((name) => required.includes(name))) throw unfit(path, 'has an optional field');
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function unfit(path: string, why: string): FirebreakError {
  return new FirebreakError('bug', `the schema of ${path} ${why}: not every model provider takes that`);
}

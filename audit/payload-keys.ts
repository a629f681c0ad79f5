import { dirname, join } from 'node:path';
import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { createPrivateFile, makePrivateDir, readIfThere, removeFile } from './private-files.ts';

/** One random key per incident, and one for payloads that belong to none. */
export type PayloadKeys = {
  /** Undefined when there is none (any more). */
  find(incidentId: IncidentId | undefined): Buffer | undefined;
  /** The key, made durable first if it is new. */
  obtain(incidentId: IncidentId | undefined): Buffer;
  /** Destroys an incident's key: its payloads can never be read again, and every proof still verifies. */
  erase(incidentId: IncidentId): void;
};

const KEY_BYTES = 32;
const CACHED = 64;

/** Keys in memory only. */
export function memoryPayloadKeys(random: Random): PayloadKeys {
  const keys = new Map<IncidentId | undefined, Buffer>();
  return {
    find: (id) => keys.get(id),
    obtain: (id) => {
      const key = keys.get(id) ?? random.bytes(KEY_BYTES);
      keys.set(id, key);
      return key;
    },
    erase: (id) => void keys.delete(id),
  };
}

/** A key as it is stored below `keysDir`; undefined when there is none (any more). Throws if the disk does. */
export function storedPayloadKey(keysDir: string, id: IncidentId | undefined): Buffer | undefined {
  const path = keyPath(keysDir, id);
  const key = readIfThere(path);
  if (key !== undefined && key.length !== KEY_BYTES)
    throw new FirebreakError('data_dir_unusable', `${path} is not a key`);
  return key;
}

function keyPath(keysDir: string, id: IncidentId | undefined): string {
  return id === undefined ? join(keysDir, 'payloads.key') : join(keysDir, 'incidents', `${id}.key`);
}

/** Keys as files (0600) below `keysDir`, the newest few kept in memory. Methods throw if the disk does. */
export function filePayloadKeys(keysDir: string, random: Random): PayloadKeys {
  const cache = new Map<string, Buffer>();
  const pathOf = (id: IncidentId | undefined): string => keyPath(keysDir, id);
  const remember = (path: string, key: Buffer): Buffer => {
    const [oldest] = cache.keys();
    if (oldest !== undefined && cache.size >= CACHED) cache.delete(oldest);
    cache.set(path, key);
    return key;
  };
  const find = (id: IncidentId | undefined): Buffer | undefined => {
    const path = pathOf(id);
    const key = cache.get(path) ?? storedPayloadKey(keysDir, id);
    return key && remember(path, key);
  };
  const create = (id: IncidentId | undefined): Buffer => {
    const path = pathOf(id);
    const key = random.bytes(KEY_BYTES);
    makePrivateDir(dirname(path));
    createPrivateFile(path, key, random.uuid());
    return remember(path, key);
  };
  return {
    find,
    obtain: (id) => find(id) ?? create(id),
    erase: (id) => {
      const path = pathOf(id);
      cache.delete(path);
      removeFile(path);
    },
  };
}

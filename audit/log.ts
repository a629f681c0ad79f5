import type { JsonObject } from '#core/canonical.ts';
import type { Digest, IncidentId, SessionKey } from '#core/ids.ts';

export type Actor = { kind: 'agent' | 'person' | 'system' | 'source'; id: string };

/** Large or erasable content that goes with an entry. `id` is unique inside its incident. */
export type PayloadDraft = { id: string; content: Uint8Array };

/** Where a payload's ciphertext lies, and its SHA-256. */
export type PayloadRef = { id: string; segment: number; at: number; bytes: number; sha256: Digest };

export type EntryDraft = {
  streams: readonly string[];
  incidentId?: IncidentId;
  sessionId?: SessionKey;
  traceId: string;
  actor: Actor;
  kind: string;
  body: JsonObject;
  payloads?: readonly PayloadDraft[];
};

/** One immutable fact. `seq` counts from 0 without gaps; `ts` is ms since 1970 and never goes back. */
export type Entry = {
  v: 1;
  seq: number;
  ts: number;
  streams: readonly string[];
  incidentId?: IncidentId;
  sessionId?: SessionKey;
  traceId: string;
  actor: Actor;
  kind: string;
  body: JsonObject;
  payloads: readonly PayloadRef[];
};

/** Stream -> version, where the version is the number of entries already in that stream; 0 means none. */
export type Expect = Readonly<Record<string, number>>;

export type Appended =
  | { kind: 'appended'; entries: readonly Entry[] }
  | { kind: 'conflict'; stream: string; expected: number; actual: number };

/** Signed (origin, size, root): `note` is the C2SP signed note it was taken from. */
export type Checkpoint = { origin: string; size: number; root: Digest; note: string };

/** `passing`: what is wrong may go away without a repair, such as a full disk. */
export type LogHealth = { kind: 'ok' } | { kind: 'failed'; reason: string; passing: boolean };

/** Called synchronously, in commit order, after durability and before `append` resolves. Must not throw. */
export type Listener = (entries: readonly Entry[]) => void;

export type Log = {
  /**
   * Appends all drafts or none. Resolves only when they are durable. Versions in `expect` are compared in queue order
   * against queued state; a mismatch is the value `conflict`. Throws `json_invalid` (draft not canonical, or line over
   * 16 KiB; nothing was queued) or `log_append_failed`, after which every queued and later append fails too.
   */
  append(drafts: readonly EntryDraft[], options?: { expect?: Expect }): Promise<Appended>;
  /** Number of durable entries. */
  size(): number;
  /** Number of durable entries in a stream. */
  version(stream: string): number;
  /** Durable entries from `seq` on, up to the size at the time of the call. */
  read(from: number): AsyncIterable<Entry>;
  /** Decrypted content; undefined when the incident's key was erased. Throws `log_tampered` if the bytes do not match. */
  payload(incidentId: IncidentId | undefined, ref: PayloadRef): Promise<Uint8Array | undefined>;
  /** Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void;
  checkpoint(): Checkpoint;
  health(): LogHealth;
  /** Waits for queued appends; later ones throw `log_append_failed`. */
  close(): Promise<void>;
};

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { Digest, IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import { Alert } from '#incidents/alert.ts';
import { AgentRole, Cause, DiagnosisOutcome, Mode, SignalName } from '#incidents/vocabulary.ts';

/** Ways to look at a service that its config had; where each led is left out. */
export const sightNames = [
  ...(['logs', 'loki', 'probe', 'workload', 'cluster', 'postgres', 'host', 'promql'] as const),
  ...(['repo', 'deployEnvironment'] as const),
] as const;

const CaseService = z.strictObject({
  id: ServiceId,
  environment: z.string().max(200),
  owner: z.string().max(200),
  mode: Mode,
  dependsOn: z.array(ServiceId),
  maxReplicas: z.int().min(1),
  signals: z.array(SignalName),
  sights: z.array(z.enum(sightNames)),
  namespace: z.string().max(253).nullable(),
  isSystem: z.boolean(),
});
export type CaseService = z.infer<typeof CaseService>;

/** One look with what came of it. */
const CaseRead = z.strictObject({
  tool: z.string().max(60),
  args: z.record(z.string(), z.json()),
  result: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('ok'), value: z.json(), text: z.string() }),
    z.strictObject({ kind: z.literal('gap'), reason: z.string().max(40), detail: z.string() }),
  ]),
});
export type CaseRead = z.infer<typeof CaseRead>;

/** What was said of the cause; `cause` null: none was named. */
const Named = z.strictObject({
  outcome: DiagnosisOutcome.nullable(),
  cause: Cause.nullable(),
  service: ServiceId.nullable(),
  object: z.string().max(300).nullable(),
  confidence: z.int().nullable(),
  proposed: z.array(z.string().max(60)),
});
export type Named = z.infer<typeof Named>;

/** A handled incident as a case. Times in ms since 1970. */
export const ReplayCase = z.strictObject({
  format: z.literal('firebreak-case/v1'),
  incident: IncidentId,
  openedAt: z.int().min(0),
  alerts: z.array(Alert).min(1),
  services: z.array(CaseService),
  reads: z.array(CaseRead),
  /** What was said of it then, and by which models; prompts by their digest. */
  before: Named,
  models: z.array(z.string().max(120)),
  prompts: z.partialRecord(AgentRole, Digest),
  /** What a person said of the cause that was named; null = nobody did. `cause` null: not that one, but nobody knows which. */
  verdict: z
    .strictObject({
      by: PersonId,
      right: z.boolean(),
      cause: Cause.nullable(),
      service: ServiceId.nullable(),
    })
    .nullable(),
});
export type ReplayCase = z.infer<typeof ReplayCase>;

export const CASE_FILE = 'case.json';
export const SEAL_FILE = 'seal.json';
const Seal = z.strictObject({ format: z.literal('firebreak-seal/v1'), sha256: Digest });

/** The two files of a case: the case, and the digest of its bytes. */
export function sealed(one: ReplayCase): { digest: Digest; files: ReadonlyMap<string, string> } {
  const text = `${JSON.stringify(one, null, 1)}\n`;
  const digest = sha256(text);
  const seal = `${JSON.stringify({ format: 'firebreak-seal/v1', sha256: digest })}\n`;
  return {
    digest,
    files: new Map([
      [CASE_FILE, text],
      [SEAL_FILE, seal],
    ]),
  };
}

/**
 * Reads a case and its seal. Throws `usage` when the folder holds none, `json_invalid` when it is not one or is not what
 * was sealed: a case that somebody changed measures something else.
 */
export async function readReplayCase(dir: string): Promise<{ one: ReplayCase; digest: Digest }> {
  const [text, seal] = await Promise.all([CASE_FILE, SEAL_FILE].map((name) => textOf(join(dir, name))));
  const digest = sha256(text ?? '');
  if (parse(Seal, seal ?? '', SEAL_FILE).sha256 !== digest)
    throw new FirebreakError(
      'json_invalid',
      `${join(dir, CASE_FILE)} is not what was sealed: somebody changed it`,
    );
  return { one: parse(ReplayCase, text ?? '', CASE_FILE), digest };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new FirebreakError(
      'usage',
      `${path} cannot be read; firebreak incidents export ID --case DIR writes one`,
      {
        cause: error,
      },
    );
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FirebreakError('json_invalid', `${name}: ${z.prettifyError(parsed.error)}`);
}

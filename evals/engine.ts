import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import type { PolicyRule } from '#approvals/policy.ts';
import type { Checkpoint, Entry, Log } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { type Clock, type Random, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import type { Alert } from '#incidents/alert.ts';
import { readFact } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Model } from '#llm/model.ts';
import { loadPrompts } from '#prompts/load.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import { createFolds, type Folds, foldList } from '#server/folds.ts';
import { wire } from '#server/wire.ts';
import type { AgentSpecs } from '#sessions/agent-spec.ts';
import { actTools } from '#tools/act/tools.ts';
import type { World } from '#tools/drivers/ports.ts';
import { readTools } from '#tools/read/tools.ts';
import type { ReadTool, Runbook } from '#tools/tool.ts';

/** What one case is run with. */
export type EngineCase = {
  readonly inventory: Inventory;
  readonly world: World;
  readonly alerts: readonly Alert[];
  readonly clock: Clock;
  readonly maxReads: number | null;
  /** Left out = the rules play every agent. */
  readonly model?: (parts: ModelParts) => Model | Promise<Model>;
  /** Left out = real randomness. */
  readonly random?: Random;
  /** Reads that answer in place of the product's own; left out = those. */
  readonly reads?: readonly ReadTool[];
  /** Left out = there are none. */
  readonly runbooks?: readonly Runbook[];
  /** How far time moves between looks at whether it is over; left out = 1 ms. */
  readonly stepMs?: number;
};

/** What a model for a case may be made of. */
export type ModelParts = {
  readonly rules: Model;
  readonly inventory: Inventory;
  readonly log: Log;
  readonly folds: Folds;
  readonly clock: Clock;
  readonly random: Random;
};

/** What became of it, as the log has it. */
export type EngineResult = {
  /** Null where the page opened none. */
  readonly incident: Incident | null;
  /** Looks that were made, by all agents together. */
  readonly reads: number;
  /** Changes that were put before people, and changes that were made: nobody approves any here. */
  readonly proposed: readonly string[];
  readonly effects: number;
  readonly errors: readonly string[];
  readonly entries: readonly Entry[];
  /** Signed size and root of the whole log. */
  readonly checkpoint: Checkpoint;
};

/** What the program itself remembers is no look at a system. */
const looks = new Set<string>(readTools.flatMap(({ name }) => (name === 'incident_history' ? [] : name)));

/**
 * Runs the whole product over one case, as a server does it: the page goes in where pages come in, the agents run through
 * the one door to every tool, and the log holds what was done. No process, no socket; nothing outlives the call.
 */
export async function runCase(one: EngineCase): Promise<EngineResult> {
  const { inventory, world, clock, random = realRandom } = one;
  const folds = createFolds();
  const log = await openMemoryLog({ clock, random, folds: foldList(folds) });
  const signer = createPermitSigner(random);
  const rules = rulesModel(inventory);
  const model = (await one.model?.({ rules, inventory, log, folds, clock, random })) ?? rules;
  const errors: string[] = [];
  const firebreak = wire({
    settings: settingsOf(inventory),
    ...{ log, folds, clock, random, boot: 'eval', world, signer },
    execute: inProcessExecutor({
      ...{ tools: actTools, world, inventory, clock, boot: 'eval' },
      publicKey: signer.publicKey,
    }),
    runbooks: one.runbooks ?? [],
    ...(one.reads !== undefined && { reads: one.reads }),
    model,
    specs: withReads(agentSpecs(await loadPrompts(), inventory), one.maxReads),
    flags: () => ({
      ...{ off: false, frozen: false, unverified: false, clockJumped: false, tampered: false },
      unreadLog: folds.incidents.unknownKinds > 0,
    }),
    onError: (where, message) => errors.push(`${where}: ${message}`),
  });
  const key = sha256(JSON.stringify(one.alerts));
  const { alerts } = one;
  await firebreak.deliver({
    source: 'eval',
    via: 'webhook',
    key,
    alerts,
    skipped: 0,
    bytes: 1,
    receivedAt: clock.now(),
  });
  await settled(folds, { firebreak, clock, stepMs: one.stepMs ?? 1 });
  await firebreak.close();
  const entries = await Array.fromAsync(log.read(0));
  const checkpoint = log.checkpoint();
  await log.close();
  const incident = folds.incidents.current()[0] ?? null;
  return { incident, errors, entries, checkpoint, ...countsOf(entries) };
}

/** A case that has not come to an end by then has come to none. */
const LONGEST_MS = 120_000;

type Running = {
  readonly firebreak: ReturnType<typeof wire>;
  readonly clock: Clock;
  readonly stepMs: number;
};

/** Waits until people have it or are asked, or it is over, or nothing goes on any more for a while. */
async function settled(folds: Folds, { firebreak, clock, stepMs }: Running): Promise<void> {
  const end = clock.mono() + LONGEST_MS;
  while (clock.mono() < end) {
    await firebreak.idle();
    const now = folds.incidents.current()[0] ?? null;
    if (now === null || now.escalated !== null || now.resolved !== null) return;
    if (folds.approvals.all().some(({ state }) => state === 'pending')) return;
    await clock.sleep(stepMs);
    firebreak.tick();
  }
}

function countsOf(entries: readonly Entry[]): Pick<EngineResult, 'reads' | 'proposed' | 'effects'> {
  let reads = 0;
  let effects = 0;
  const proposed: string[] = [];
  for (const entry of entries) {
    const fact = readFact(entry);
    if (fact?.kind !== 'tool.intended') continue;
    const { tool, tier, phase } = fact.body;
    if (looks.has(tool)) reads += 1;
    if (tier === 'R2' || tier === 'R3') {
      if (phase === 'dry_run') proposed.push(tool);
      else effects += 1;
    }
  }
  return { reads, proposed, effects };
}

/** The cap stands in place of what a run may call by itself. */
function withReads(specs: AgentSpecs, maxReads: number | null): AgentSpecs {
  if (maxReads === null) return specs;
  const { monitor, diagnosis } = specs;
  return {
    ...specs,
    monitor: { ...monitor, limits: { ...monitor.limits, toolCalls: maxReads } },
    diagnosis: { ...diagnosis, limits: { ...diagnosis.limits, toolCalls: maxReads } },
  };
}

/** Whatever is proposed is put before people; there are none here, so nothing is ever made. */
const asksPeople: PolicyRule = {
  tools: actTools.map(({ name }) => name),
  environments: ['*'],
  services: ['*'],
  answer: 'ask',
};

function settingsOf(inventory: Inventory): Parameters<typeof wire>[0]['settings'] {
  return {
    environment: 'eval',
    defaultOwner: 'team-eval',
    inventory,
    policy: { version: sha256('eval'), rules: [asksPeople], caps: 'all' },
    people: new Map(),
    limits: { changes: 5 },
    timing: { approvalMs: 900_000, verify: { samples: 5, everyMs: 1000, windowMs: 60_000 } },
  };
}

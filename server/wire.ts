import { hypothesesRankTool } from '#agents/hypotheses-rank.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import type { People } from '#approvals/people.ts';
import type { PermitSigner } from '#approvals/permit.ts';
import type { Policy, StopFlags } from '#approvals/policy.ts';
import { propose } from '#approvals/propose.ts';
import type { Log } from '#audit/log.ts';
import type { Clock, Random } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { IncidentId, PersonId } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { isOwnFinding } from '#incidents/own-finding.ts';
import type { QuietRules } from '#incidents/quiet.ts';
import type { Wake } from '#incidents/reports.ts';
import type { Accepted, Delivery } from '#intake/delivery.ts';
import type { Model } from '#llm/model.ts';
import type { AgentSpecs } from '#sessions/agent-spec.ts';
import type { Answered, Question } from '#sessions/coordinator-run.ts';
import { evidenceReadTool } from '#sessions/evidence-read.ts';
import { historyTool } from '#sessions/history.ts';
import { createScheduler } from '#sessions/scheduler.ts';
import { spawnTool } from '#sessions/spawn.ts';
import { toolSpecsOf } from '#sessions/tool-specs.ts';
import { type Fallback, fallbackTool } from '#tools/act/fallback.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import { createPageTools } from '#tools/act/pages.ts';
import { type Contents, type Post, slackPostTool } from '#tools/act/posts.ts';
import { actToolsFor } from '#tools/act/tools.ts';
import type { CarryOutDeps, Execute } from '#tools/carry-out.ts';
import type { Pager } from '#tools/drivers/pager.ts';
import type { World } from '#tools/drivers/ports.ts';
import { createInvoke } from '#tools/invoke.ts';
import { readTools } from '#tools/read/tools.ts';
import type { AnyTool, ReadTool, Runbook } from '#tools/tool.ts';
import { approvalCard, cardDigest } from '#views/approval-card.ts';
import type { Watchdog } from './config-duty.ts';
import { createDeadlines } from './deadlines.ts';
import { deliver } from './deliver.ts';
import { type DriveDeps, drive } from './drive.ts';
import type { Folds } from './folds.ts';
import { createHeldPages } from './held-pages.ts';
import { createJobs } from './jobs.ts';
import { openedWake, sessionKeyOf } from './opened-wake.ts';
import { callPeople } from './own-findings.ts';
import { createPages } from './pages.ts';
import { recover } from './recover.ts';
import { createSeenPages } from './seen-pages.ts';

/** A proposal waits so long for a log that is still being verified after the start; then it is refused. */
const VERIFY_WAIT_MS = 60_000;

/** What the config says, as the wiring needs it. */
export type Settings = {
  readonly environment: string;
  readonly defaultOwner: string;
  readonly inventory: Inventory;
  readonly policy: Policy;
  readonly people: People;
  readonly timing: GateDeps['timing'];
  readonly limits: GateDeps['limits'];
  /** People by their id in PagerDuty. */
  readonly pagerdutyUsers?: ReadonlyMap<string, PersonId>;
  /** Left out = the config leaves no page alone. */
  readonly quiet?: QuietRules;
  /** Left out = no source has one. */
  readonly watchdogs?: readonly Watchdog[];
};

export type Parts = {
  readonly settings: Settings;
  readonly log: Log;
  readonly folds: Folds;
  readonly clock: Clock;
  readonly random: Random;
  /** Id of this server start. */
  readonly boot: string;
  readonly world: World;
  /** Signs permits; `execute` takes none but of this signer. */
  readonly signer: PermitSigner;
  readonly execute: Execute;
  readonly runbooks: readonly Runbook[];
  /** Looks in place of the usual ones: those of a replay, or these with mounted ones beside them; left out = the usual ones. */
  readonly reads?: readonly ReadTool[];
  readonly model: Model;
  readonly specs: AgentSpecs;
  readonly flags: () => StopFlags;
  /** Left out = nothing is posted to Slack. */
  readonly slack?: { readonly post: Post; readonly contents: Contents };
  /** Left out = the paging system is told nothing. */
  readonly pager?: Pager;
  /** Left out = nobody is told another way while Slack fails. */
  readonly fallback?: Fallback;
  /** Resolves when the log that was found at the start is verified, or is known to be bad; left out = it was empty. */
  readonly verified?: Promise<unknown>;
  readonly onError: (where: string, message: string) => void;
};

export type Firebreak = {
  readonly gate: GateDeps;
  readonly carry: CarryOutDeps;
  deliver(delivery: Delivery): Promise<Accepted>;
  /** Ends what an earlier start left open, then goes on with what is due. Call once, before anything else. */
  recover(): Promise<void>;
  /** Resolves when what an earlier start left open has ended; deliveries wait for it by themselves. */
  recovered(): Promise<void>;
  /** Has the coordinator of an incident answer a person; null where no model does. */
  ask(incident: IncidentId, question: Question): Promise<Answered | null>;
  /** Fires what is due; cheap, call it several times a second. */
  tick(): void;
  /** Resolves when no run, job or step is under way (waiting for people is not). */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/** Builds the objects and hands each what it needs: the one place where the parts meet. */
export function wire(parts: Parts): Firebreak {
  const { log, folds, clock, random, boot, settings, runbooks, specs } = parts;
  const world: World = { ...parts.world, history: (service, most) => folds.past.of(service, most) };
  const { inventory } = settings;
  const numbers = new CallNumbers(folds.incidents);
  const { incidents, approvals } = folds;
  const { policy, people, timing, limits } = settings;
  const digest: GateDeps['cardDigest'] = (plan, hash) => cardDigest(approvalCard(plan, hash));
  const gate: GateDeps = {
    ...{ log, clock, random, incidents, numbers, approvals, inventory, policy, people, boot },
    signer: parts.signer,
    flags: parts.flags,
    cardDigest: digest,
    timing,
    limits,
  };
  const launch: Parameters<typeof spawnTool>[0]['launch'] = (incident, run) =>
    scheduler.launch(incident, run);
  const session = { log, random, fold: folds.sessions, specs, inventory, runbooks, launch };
  const tools: AnyTool[] = [
    ...(parts.reads ?? readTools),
    ...actToolsFor(inventory),
    ...createNoteTools({ log, incidents }),
    ...(parts.slack === undefined ? [] : [slackPostTool(parts.slack)]),
    ...(parts.pager === undefined ? [] : createPageTools({ pager: parts.pager, incidents })),
    ...(parts.fallback === undefined ? [] : [fallbackTool(parts.fallback)]),
    spawnTool(session),
    historyTool(folds.sessions),
    evidenceReadTool({ log, fold: folds.sessions }),
    hypothesesRankTool({ inventory, items: (run) => scheduler.items(run) }),
  ];
  const byName = new Map(tools.map((tool) => [tool.name as string, tool]));
  const invoke = createInvoke({
    log,
    clock,
    numbers,
    tools: byName,
    world,
    inventory,
    runbooks,
    propose: async (request) => {
      await verifiedSoon(request.caller.signal);
      return propose(gate, request);
    },
  });
  const onError = (error: unknown) => parts.onError('agents', messageOf(error));
  const runs = {
    log,
    clock,
    random,
    model: parts.model,
    invoke,
    specs,
    toolSpecs: toolSpecsOf(tools, specs),
    fold: folds.sessions,
    onError,
  };
  const scheduler = createScheduler(runs);
  const jobs = createJobs(parts.onError);
  const carry: CarryOutDeps = { gate, invoke, execute: parts.execute };
  const isOwn = (incident: IncidentId): boolean => isOwnFinding(incidents.get(incident));
  const wake = (incident: IncidentId, message: Wake): void => {
    if (isOwn(incident)) return callPeople({ incidents, invoke, jobs }, incident);
    if (scheduler.wake(incident, message) === 'unknown_incident') openSession(incident, message);
  };
  const openSession = (incident: IncidentId, message: Wake): void => {
    const known = incidents.get(incident);
    if (known !== undefined)
      jobs.run(
        `open ${incident}`,
        async () => void (await scheduler.open(incident, sessionKeyOf(known), message)),
      );
  };
  const closing = Promise.withResolvers<boolean>();
  const verified = Promise.resolve(parts.verified).then(() => true);
  const mayChange = (): Promise<boolean> => Promise.race([closing.promise, verified]);
  const verifiedSoon = async (signal: AbortSignal): Promise<void> => {
    if (parts.flags().unverified)
      await Promise.race([mayChange(), clock.sleep(VERIFY_WAIT_MS, signal).catch(() => undefined)]);
  };
  const { cancel, heed } = scheduler;
  const driving: DriveDeps = {
    folds,
    carry,
    jobs,
    wake,
    heed,
    cancel,
    openedWake: (incident) => openedWake(incident, inventory),
    mayChange,
  };
  const unsubscribe = log.subscribe((entries) => drive(driving, entries));
  const deadlines = createDeadlines(driving);
  const pages = parts.pager === undefined ? null : createPages({ folds, invoke, clock, jobs });
  const users = settings.pagerdutyUsers ?? new Map();
  const seenPages = createSeenPages({ log, incidents, people, jobs, users });
  let recovering = Promise.resolve();
  const take = async (delivery: Delivery): Promise<Accepted> => {
    await recovering;
    return deliver({ log, clock, ...folds, ...settings }, delivery);
  };
  const held = createHeldPages({ clock, jobs, onAlert: take, ...folds, ...settings });
  return {
    gate,
    carry,
    deliver: take,
    recover: () => {
      recovering = recover(driving, { log, scheduler });
      return recovering;
    },
    recovered: () => recovering,
    ask: async (incident, question) => (isOwn(incident) ? null : scheduler.ask(incident, question)),
    tick: () => {
      deadlines.tick();
      held.tick();
      pages?.tick();
      seenPages.tick();
    },
    idle: async () => {
      await Promise.all([jobs.idle(), scheduler.drain()]);
      await jobs.idle();
    },
    close: async () => {
      closing.resolve(false);
      await scheduler.close();
      await jobs.idle();
      unsubscribe();
    },
  };
}

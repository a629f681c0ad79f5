import { z } from 'zod';
import { rulesModel } from '#agents/rules/model.ts';
import type { ServiceId } from '#core/ids.ts';
import { serviceOf, serviceRef } from '#incidents/refs.ts';
import { Brief, type DiagnosisReport, type MonitorReport } from '#incidents/reports.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import type { Item, ModelCall } from '#llm/model.ts';
import type { FakeClock } from '#tests/fakes/fake-clock.ts';
import type { FakeWorld } from '#tests/fakes/fake-world.ts';
import { readTools } from '#tools/read/tools.ts';
import { type Answer, only, play, wake } from './rules-rig.ts';

export type Played = {
  monitor: MonitorReport | null;
  diagnosis: DiagnosisReport | null;
  /** What it came to: the change that is proposed, or what the coordinator did instead. */
  end: ModelCall;
  looks: number;
};

/** Plays a whole incident from the page to a proposal or a handover, with the real read tools over a simulated world. */
export async function playIncident(given: {
  world: FakeWorld;
  clock: FakeClock;
  paged: ServiceId;
  about: SignalName | null;
  startedAt: number;
}): Promise<Played> {
  const { world, clock, paged, about, startedAt } = given;
  const model = rulesModel(world.inventory);
  const coordinator: Item[] = [];
  const played: Played = {
    monitor: null,
    diagnosis: null,
    end: { id: 'none', tool: 'none', args: {} },
    looks: 0,
  };
  let calls = await wake(model, coordinator, {
    kind: 'opened',
    service: serviceRef(paged),
    severity: 'critical',
    about,
    startedAt,
  });
  for (;;) {
    const call = only(calls);
    if (call === undefined) return played;
    if (call.tool !== 'sessions_spawn') return { ...played, end: call };
    const { brief } = z.object({ brief: Brief }).parse(call.args);
    const run = await play(model, brief, {
      answer: (look) => answerWith(world, clock, look),
      firstCall: played.looks + 1,
    });
    played.looks += run.items.filter(({ kind }) => kind === 'result').length;
    const act = only(run.acts);
    if (act !== undefined) return { ...played, end: act };
    if (run.report?.role === 'monitor') played.monitor = run.report;
    if (run.report?.role === 'diagnosis') played.diagnosis = run.report;
    calls = await wake(model, coordinator, {
      kind: 'child_settled',
      role: brief.role,
      outcome: 'reported',
      report: run.report,
    });
  }
}

async function answerWith(
  { world, inventory }: FakeWorld,
  clock: FakeClock,
  call: ModelCall,
): Promise<Answer> {
  const tool = readTools.find(({ name }) => name === call.tool);
  if (tool === undefined) return { outcome: 'refused', value: { reason: 'unknown_tool' } };
  const args = tool.args.parse(call.args);
  const result = await tool.perform(args, {
    world,
    inventory,
    runbooks: [],
    clock,
    signal: new AbortController().signal,
  });
  return result.kind === 'gap'
    ? { outcome: 'gap', value: { reason: result.reason } }
    : { outcome: 'ok', value: result.value };
}

export const serviceIdOf = (name: string): ServiceId => serviceOf(`service:${name}`);

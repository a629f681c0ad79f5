import { expect, test } from 'vitest';
import { fact } from '#incidents/entry.ts';
import { alice, type InProcess, inProcess } from './in-process.ts';

/** A stuck pool from its page to its end, approved by a person. */
async function mended(run: InProcess, name: string): Promise<void> {
  run.shop.inject('stuck-pool', 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name, service: 'checkout' });
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  await run.decide('approve');
  await run.until(() => run.folds.incidents.current().every(({ resolved }) => resolved !== null));
}

test('what a person confirmed once is told of the next time, also after a restart, and reaches no proposal', async () => {
  const first = await inProcess({ seed: 3 });
  await mended(first, 'HighErrorRate');
  const [{ id } = first.incident()] = first.folds.incidents.current();
  const [before] = first.folds.incidents.current();
  const verdict = { by: alice.id, right: true, cause: null, service: null };
  const context = { actor: { kind: 'person', id: alice.id }, traceId: id, incident: id } as const;
  await first.log.append([fact('verdict.given', verdict, context)]);
  expect(before?.before).toBeNull();

  const run = await first.restart();
  await run.clock.advance(60 * 60_000);
  await mended(run, 'HighErrorRate');
  const now = run.folds.incidents.current().at(-1);
  expect(now?.id).not.toBe(id);
  expect(now?.before).toMatchObject({
    last: id,
    cause: 'stuck_pool',
    tool: 'service_restart',
    outcome: 'helped',
  });
  const entries = await run.entries();
  const looked = entries.find(
    ({ kind, body, incidentId }) =>
      kind === 'tool.intended' && body.tool === 'incident_history' && incidentId === now?.id,
  );
  expect(looked?.body.args).toEqual({ service: 'service:checkout' });
  // Nothing was left to add to what the evidence said already.
  expect(now?.diagnosis?.hypotheses).toEqual(before?.diagnosis?.hypotheses);
  const briefs = entries.flatMap(({ kind, body }) =>
    kind === 'session.spawned' && body.role === 'remediation' ? [JSON.stringify(body.brief)] : [],
  );
  expect(briefs).toHaveLength(2);
  for (const brief of briefs) expect(brief).not.toContain('INC-');
});

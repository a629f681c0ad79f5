import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { readFact } from '#incidents/entry.ts';
import { SpendFold } from '#incidents/spend-fold.ts';
import { createLedger } from '#server/ledger.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { aRequest, aRouter, fails, provider, routeTo, said } from '#tests/llm/a-turn.ts';
import type { SeedCheck } from './check.ts';

/** Three calls fail, then two are answered: what the log holds of them, what they cost, and which tools were sent. */
export async function attemptsCheck(): Promise<SeedCheck> {
  const fold = new SpendFold();
  const clock = new FakeClock();
  const log = await openMemoryLog({ clock, random: realRandom, folds: [fold] });
  const budget = { incident: 10_000_000, day: 10_000_000, roles: new Map() };
  const ledger = createLedger({ log, fold, clock, random: realRandom, budget });
  const down = fails('unavailable');
  const played = provider('a', down, down, down, said);
  const rig = aRouter([routeTo(played), routeTo(provider('b', said))], {
    ledger: { ...ledger, reserved: [], settled: [] },
  });
  await rig.ask();
  await rig.ask();
  const facts = (await Array.fromAsync(log.read(0))).flatMap((entry) => readFact(entry) ?? []);
  const attempts = facts.flatMap(({ kind, body }) => (kind === 'model.attempted' ? [body] : []));
  const failed = attempts.filter(({ outcome }) => outcome !== 'ok').length;
  const paid = attempts.filter(({ outcome, usdMicros }) => outcome === 'ok' && usdMicros > 0).length;
  const sent = aRequest().tools.length;
  const dropped = played.seen.filter(({ tools }) => tools.length !== sent).length;
  const name = 'calls to a model that are on record';
  const ours = `${failed} of 3 failed and ${paid} of 2 paid ones, tools dropped in ${dropped}`;
  return {
    name,
    recorded: 'Hub: 0 of 1 failed call (6 attempts), cost 0.00 for 2 paid steps, tools dropped',
    ours,
    wrong: failed === 3 && paid === 2 && dropped === 0 ? [] : [`${name}: ${ours}`],
  };
}

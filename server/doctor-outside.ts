import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { Facts, LogFact } from '#doctor/facts.ts';
import { thisEnvironment } from './config.ts';
import type { Config } from './config-build.ts';
import { heldSecrets, namedSecrets, readConfigFact } from './doctor-config.ts';
import { type FactsInput, gatherFacts } from './doctor-facts.ts';
import { hasLogIn, readWhole } from './doctor-log.ts';
import { onlineAsker, rightsOnline } from './doctor-online.ts';
import { createFolds } from './folds.ts';

/** Reading and verifying a log takes at most so long; then that is what is said. */
const VERIFY_MS = 120_000;

export type OutsideInput = {
  readonly dataDir: string;
  readonly configPath: string;
  readonly clock: Clock;
  /** Ask other systems what they let us do. */
  readonly online: boolean;
  readonly server: FactsInput['server'];
};

/** Everything that a process beside the server, or without one, can find out. Takes no lock and writes nothing. */
export async function lookFromOutside(input: OutsideInput): Promise<Facts> {
  const { dataDir, configPath, clock, server } = input;
  const env = thisEnvironment();
  const { fact, config } = readConfigFact(configPath, env);
  return gatherFacts({
    ...{ dataDir, clock, config, server, configFact: fact },
    secrets: config === null ? namedSecrets(configPath, env) : heldSecrets(config),
    log: await logOf(input, config),
    driftMs: null,
    online: input.online && config !== null ? await rightsOnline(config, onlineAsker(clock)) : null,
    uid: process.getuid?.(),
  });
}

async function logOf({ dataDir, clock }: OutsideInput, config: Config | null): Promise<FactsInput['log']> {
  if (!hasLogIn(dataDir)) return null;
  const late = new AbortController();
  const cancel = clock.after(VERIFY_MS, () => late.abort(new Error('it was not read within 2 minutes')));
  try {
    return await readWhole({ dataDir, anchorFile: config?.anchors?.file ?? null, signal: late.signal });
  } catch (error) {
    const verdict: LogFact = { kind: 'bad', reason: messageOf(error) };
    return { folds: createFolds(), verdict };
  } finally {
    cancel();
  }
}

import { once } from 'node:events';
import { lockDataDir } from '#audit/data-dir-lock.ts';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';

/** Tries to lock the data directory given as soon as it is told to, prints how that went, and waits to be let go. */
process.stdout.write('ready');
await once(process.stdin, 'data');
try {
  lockDataDir({ dir: process.argv[2] ?? '', command: 'test', now: 0, random: realRandom });
  process.stdout.write('taken');
} catch (error) {
  process.stdout.write(error instanceof FirebreakError ? error.code : String(error));
}
process.stdin.resume();
await once(process.stdin, 'end');

import { writeSync } from 'node:fs';
import { openFileLog } from '#audit/file-log.ts';
import { realClock, realRandom } from '#core/clock.ts';

/** Appends with eight writers to the data directory given, and prints each id once it is durable. Killed by its test. */
const log = await openFileLog({
  dir: process.argv[2] ?? '',
  clock: realClock,
  random: realRandom,
  snapshotEvery: 50,
});

async function appendForever(writer: number): Promise<never> {
  for (let i = 0; ; i += 1) {
    const id = `${process.pid}-${writer}-${i}`;
    await log.append([
      {
        streams: [`writer:${writer}`],
        traceId: id,
        actor: { kind: 'system', id: 'test' },
        kind: 'test.appended',
        body: { id },
        payloads: [{ id, content: Buffer.from(id) }],
      },
    ]);
    writeSync(1, `${id}\n`);
  }
}

await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(appendForever));

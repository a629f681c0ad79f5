import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readingBrain } from './brain/reader.ts';
import { passing } from './faults.ts';
import { startFakeProvider } from './provider.ts';

// `node tests/fakes/llm-provider/main.ts [--port N] [--seed N] [--failing SHARE] [--key KEY]`: the fake provider as a
// process of its own, with the brain that reads. Prints {"url": ...} as one line; ends when its standard input ends.

const Flags = z.object({
  port: z.coerce.number().int().min(0).max(65_535),
  seed: z.coerce.number().int().min(0),
  failing: z.coerce.number().min(0).max(1),
  key: z.string().min(1).optional(),
});

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    failing: { type: 'string', default: '0' },
    key: { type: 'string' },
  },
});
const { port, seed, failing, key } = Flags.parse(values);
const provider = await startFakeProvider({
  ...{ port, seed, brain: readingBrain },
  faults: failing > 0 ? { kind: 'share', share: failing, among: passing } : { kind: 'none' },
  ...(key !== undefined && { key }),
});
process.stdout.write(`${JSON.stringify({ url: provider.url })}\n`);
process.stdin.resume().once('end', () => void provider.close());

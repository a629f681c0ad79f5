import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordTo, replayFrom } from '#llm/recorded.ts';
import type { MakeModel } from './model-maker.ts';
import { routed } from './routed.ts';
import { scriptedProvider } from './scripted-provider.ts';

/**
 * What the script says, taken on a cassette in a first run of the case and played back in the one that counts: the same
 * requests must come, or the rules answer and it shows. The cassette is gone afterwards.
 */
export const tapedModel: MakeModel = async ({ inventory, failsAfter }) => {
  const folder = await mkdtemp(join(tmpdir(), 'firebreak-evals-'));
  const file = join(folder, 'cassette.jsonl');
  const recorder = await recordTo(scriptedProvider(inventory, failsAfter), { file, secrets: [] });
  return {
    rehearsal: (parts) => routed(parts, { provider: recorder, model: 'script' }),
    model: async (parts) => {
      const provider = await replayFrom({ name: 'scripted', file, secrets: [], onDrift: () => undefined });
      return routed(parts, { provider, model: 'script' });
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
};

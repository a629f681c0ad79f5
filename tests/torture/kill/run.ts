import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReplay } from '#approvals/semantic-replay.ts';
import { verifyLog } from '#audit/verify.ts';
import { messageOf } from '#core/errors.ts';
import type { Death } from './death.ts';
import { readEffects } from './effects.ts';
import { LifeEnd, type LifeOptions } from './live.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import type { EffectClass, Story } from './world.ts';

const LIFE = fileURLToPath(new URL('./life.ts', import.meta.url));
const LIFE_MS = 120_000;

/** One incident and how its first lives end; the life after those goes on to the end. */
export type KillRun = {
  readonly kind: EffectClass;
  readonly story: Story;
  readonly deaths: readonly Death[];
};
export type Ran = { readonly verdict: Verdict; readonly kills: number; readonly end: LifeEnd | undefined };

/** Lives a run through in processes of its own, and judges it by what is left on disk. */
export async function killRun({ kind, story, deaths }: KillRun): Promise<Ran> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-kill-'));
  try {
    const common = { dir, origin: Date.now(), kind, story };
    let kills = 0;
    let end: LifeEnd | undefined;
    for (const death of [...deaths, null]) {
      const life = await live({ ...common, death });
      if (life === 'killed') {
        kills += 1;
        continue;
      }
      // A life that got to its end has left nothing to do for another one, but what it told is told no more.
      end = life;
      break;
    }
    const log = await logProblems(dir);
    return { verdict: verdictOf({ kind, story, effects: readEffects(dir), end, log }), kills, end };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function live(options: LifeOptions): Promise<LifeEnd | 'killed' | undefined> {
  const child = spawn(process.execPath, [LIFE, JSON.stringify(options)], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stuck = setTimeout(() => child.kill('SIGTERM'), LIFE_MS);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('close', (_code, by) => resolve(by));
  });
  clearTimeout(stuck);
  if (signal === 'SIGKILL') return 'killed';
  return LifeEnd.safeParse(JSON.parse(said || 'null')).data;
}

/** Its bytes, and what they mean. */
async function logProblems(dir: string): Promise<string[]> {
  try {
    const replay = createReplay();
    const found = await verifyLog({ dir, onEntry: (entry) => replay.apply(entry) });
    const meaning = replay.problems().map(({ entry, rule }) => `entry ${entry}: ${rule}`);
    return found.kind === 'ok' ? meaning : [`not intact: ${found.kind}`, ...meaning];
  } catch (error) {
    return [messageOf(error)];
  }
}

import { stdout } from 'node:process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { whoAnswers, wishedModel } from '#demo/model.ts';
import { resultOf } from '#demo/run.ts';
import { breakIt, scenario } from '#demo/scenarios.ts';
import { createScreen } from '#demo/screen.ts';
import type { Shop } from '#demo/shop.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { storyEntries } from '../views/a-story.ts';

const seen = { errors: 0.174, p50: 9, p95: 23, rate: 48, seconds: 9 };
const instances = [1, 2, 3].map((n) => ({ id: `inventory-${n}`, pid: 1_048_576, port: 65_535 }));
const shop = {
  addresses: {
    gateway: 'http://127.0.0.1:65535',
    checkout: 'http://127.0.0.1:65535',
    inventory: 'http://127.0.0.1:65535',
  },
  supervisor: { client: { service: async () => ({ instances }) } },
} as unknown as Shop;

function incidents() {
  const fold = new IncidentFold();
  for (const entry of storyEntries()) fold.apply(entry);
  return fold.current();
}

/** Everything that a screen prints of a run. */
async function drawn(model: string | null, problem: string): Promise<string[]> {
  let text = '';
  const write = vi.spyOn(stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const answers = whoAnswers(model === null ? null : wishedModel(model));
  const title = 'scenario poisoned-log, hidden from Firebreak';
  const screen = createScreen({ ...{ json: false, title, answers, hidden: false, live: true } });
  const one = scenario('bad-deploy', 0) ?? breakIt;
  screen.started(shop);
  screen.load(seen);
  await screen.invite(shop);
  for (const entry of storyEntries()) screen.entry(entry);
  screen.say('no terminal to ask on, so the answer is no; to approve: npm run demo -- --approve-as alice');
  screen.finished({
    result: resultOf(one, incidents(), { paged: 0, ended: 6_000 }),
    scenario: one,
    load: { before: seen, during: seen, after: seen },
    log: { entries: 120, root: 'a'.repeat(44), verified: problem === '', text: problem },
  });
  screen.end();
  write.mockRestore();
  return text.split('\n');
}

test.each([null, 'anthropic', 'openai'])(
  'nothing that the demo prints is wider than a terminal, with %s',
  async (model) => {
    for (const problem of [
      '',
      'NOT intact: a line was cut short, at entry 8 (00000000.jsonl line 9) in /tmp/a/b/c',
    ]) {
      const lines = await drawn(model, problem);
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      const text = lines.join(' ').replaceAll(/ +/g, ' ');
      expect(text).toContain(whoAnswers(model === null ? null : wishedModel(model)));
      expect(text).toContain('inventory-3 pid 1048576 port 65535');
    }
  },
);

test('the result of a run says how often a model was asked and what that cost', () => {
  const given = incidents().map((incident) => ({
    ...incident,
    models: { ...incident.models, model: 7, usdMicros: 4_200 },
  }));
  const result = resultOf(breakIt, [...given, ...given], { paged: 1_000, ended: 7_000 });
  expect(result).toMatchObject({ mode: 'model', modelCalls: 14, usdMicros: 8_400, ms: 6_000 });
  const byRules = resultOf(breakIt, incidents(), { paged: 0, ended: 0 });
  expect(byRules).toMatchObject({ mode: 'rules', modelCalls: 0, usdMicros: 0 });
});

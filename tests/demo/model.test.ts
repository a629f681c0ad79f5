import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { readyModel, whoAnswers, wishedModel } from '#demo/model.ts';
import { checkModels } from '#server/config-model-checks.ts';
import { buildModels, ModelsFile } from '#server/config-models.ts';
import { readSecretFile } from '#server/secret-file.ts';
import { keyProblem } from '#server/secret-shapes.ts';

function aFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-model-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function settingsOf(config: string) {
  const file: unknown = parse(config);
  expect(checkModels(file)).toEqual([]);
  const { models } = file as { models: unknown };
  return buildModels(ModelsFile.parse(models), (ref) => {
    const secret = readSecretFile(ref.slice('file:'.length));
    if (typeof secret === 'string') throw new Error(secret);
    return secret;
  });
}

test.each(['anthropic', 'openai'] as const)(
  '%s alone is a mocked model in a process of its own, which ends',
  async (vendor) => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'sk-ant-a-real-one-0123456789');
    onTestFinished(() => void vi.unstubAllEnvs());
    const wish = wishedModel(vendor);
    expect(whoAnswers(wish)).toBe(
      `a mocked model on this machine answers over the API of ${vendor}; no AI model is used`,
    );
    const dir = aFolder();
    const ready = await readyModel(wish, dir);
    onTestFinished(() => ready.stop());
    const [provider] = settingsOf(ready.config).providers;
    expect(provider).toMatchObject({
      kind: vendor,
      baseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+/),
    });
    expect(provider?.key && keyProblem(vendor, provider.key)).toBeUndefined();
    expect(statSync(join(dir, 'model.key')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, 'model.key'), 'utf8')).not.toContain('real');
    const url = new URL(provider?.baseUrl ?? '').origin;
    expect((await fetch(url)).status).toBe(404);
    await ready.stop();
    await expect(fetch(url)).rejects.toThrow();
  },
);

test('a model by its name is the real one, with the key of the environment in a file and nowhere else', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', ' sk-ant-a-real-one-0123456789 ');
  onTestFinished(() => void vi.unstubAllEnvs());
  const wish = wishedModel('anthropic/claude-haiku-4-5');
  expect(whoAnswers(wish)).toBe('anthropic/claude-haiku-4-5 answers, with the key in ANTHROPIC_API_KEY');
  const dir = aFolder();
  const { config } = await readyModel(wish, dir);
  const settings = settingsOf(config);
  expect(settings.providers).toMatchObject([{ kind: 'anthropic', baseUrl: 'https://api.anthropic.com' }]);
  expect(settings.roles.get('diagnosis')).toEqual([{ provider: 'anthropic', model: 'claude-haiku-4-5' }]);
  expect(config).not.toContain('0123456789');
  expect(readFileSync(join(dir, 'model.key'), 'utf8')).toBe('sk-ant-a-real-one-0123456789\n');
});

test.each([
  ['openai/gpt-5', /needs a key: set OPENAI_API_KEY, or give --model openai for a mocked model/],
  ['mistral', /"mistral" is not anthropic or openai/],
  ['anthropic/', /is not anthropic or openai/],
  ['anthropic/a"b', /is not anthropic or openai/],
])('--model %s is refused with what to do', (text, message) => {
  vi.stubEnv('OPENAI_API_KEY', '');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(() => wishedModel(text)).toThrow(message);
});

test('without a wish the rules play, and it says so', async () => {
  expect(whoAnswers(null)).toBe('no AI model used: rules');
  expect((await readyModel(null, aFolder())).config).toBe('');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '#core/secret.ts';
import { shapeProblems } from '#server/secret-shapes.ts';

const hex = 'a1'.repeat(16);
const [letters, digits] = ['b'.repeat(36), '3'.repeat(12)];
const AWAY = 'https://elsewhere.example';

type Use = {
  readonly path: string;
  readonly file: (to: string) => object;
  readonly good: readonly string[];
  /** Of another service, or of another kind of the same. */
  readonly bad: readonly string[];
};
const model = (kind: string) => (to: string) => ({
  models: { providers: { m: { kind, key: 'env:X', base_url: to } } },
});
const uses: readonly Use[] = [
  {
    ...{ path: 'slack.bot_token', file: (to) => ({ slack: { bot_token: 'env:X', api_url: to } }) },
    ...{ good: [`xoxb-${digits}-${letters}`], bad: [`xoxp-${digits}`, `xapp-1-${digits}`, hex] },
  },
  {
    ...{ path: 'slack.app_token', file: (to) => ({ slack: { app_token: 'env:X', api_url: to } }) },
    ...{ good: [`xapp-1-${digits}`], bad: [`xoxb-${digits}-${letters}`] },
  },
  {
    ...{ path: 'slack.signing_secret', file: (to) => ({ slack: { signing_secret: 'env:X', api_url: to } }) },
    ...{ good: [hex], bad: [`xapp-1-${digits}`, hex.toUpperCase(), hex.slice(1)] },
  },
  {
    path: 'slack.signing_secret.0',
    file: (to) => ({ slack: { signing_secret: ['env:X'], api_url: to } }),
    ...{ good: [hex], bad: [letters] },
  },
  {
    ...{ path: 'pagerduty.token', file: (to) => ({ pagerduty: { token: 'env:X', api: to } }) },
    ...{ good: ['u+'.padEnd(20, 'x'), `pdus+${letters}`], bad: [hex, `ghp_${letters}`] },
  },
  {
    path: 'pagerduty.events.routing_key',
    file: (to) => ({ pagerduty: { events: { routing_key: 'env:X', url: to } } }),
    ...{ good: [hex], bad: ['u+'.padEnd(20, 'x')] },
  },
  {
    path: 'sources.pd.poll.token',
    file: (to) => ({ sources: { pd: { kind: 'pagerduty', poll: { token: 'env:X', url: to } } } }),
    ...{ good: ['y'.repeat(20)], bad: [hex] },
  },
  {
    ...{ path: 'github.token', file: (to) => ({ github: { token: 'env:X', url: to } }) },
    ...{ good: [`ghp_${letters}`, `github_pat_${letters}`, `ghs_${letters}`], bad: [hex, `glpat-${digits}`] },
  },
  {
    ...{ path: 'models.providers.m.key', file: model('anthropic') },
    ...{ good: [`sk-ant-${letters}`], bad: [`sk-${letters}`, hex] },
  },
  {
    ...{ path: 'models.providers.m.key', file: model('openai') },
    ...{ good: [`sk-${letters}`, `sk-proj-${letters}`], bad: [`sk-ant-${letters}`, hex] },
  },
];

const problemsOf = (file: object, value: string) => shapeProblems(file, () => new Secret(value));

test.each(uses)('$path takes what looks like one, and names what does not without showing it', (use) => {
  for (const value of use.good) expect(problemsOf(use.file(AWAY), value)).toEqual([]);
  for (const value of [...use.bad, 'with a space', 'with\nline', `${use.good[0]}\u00e4`]) {
    const [problem, ...more] = problemsOf(use.file(AWAY), value);
    expect([problem?.path.join('.'), more]).toEqual([use.path, []]);
    expect(problem?.message).toMatch(/^what env:X holds (is not a|holds white space)/);
    expect(problem?.message).not.toContain(value);
  }
});

test('a stand-in on this machine may be given anything but a wrong key of a model, and a name that only looks like it nothing', () => {
  for (const { path, file, bad } of uses) {
    for (const here of ['http://127.0.0.1:9', 'http://[::1]:9/'])
      expect(problemsOf(file(here), bad[0] ?? '')).toHaveLength(path.startsWith('models') ? 1 : 0);
    for (const away of ['https://127.0.0.1.evil.example', 'http://localhost/v1', 'not an address'])
      expect(problemsOf(file(away), bad[0] ?? '')).toHaveLength(1);
  }
});

test('no message ever shows a value, whatever the value is', () => {
  const value = fc.string({ minLength: 8, maxLength: 60 });
  fc.assert(
    fc.property(fc.constantFrom(...uses), value, (use, text) => {
      for (const { message } of problemsOf(use.file(AWAY), text)) expect(message).not.toContain(text);
    }),
  );
});

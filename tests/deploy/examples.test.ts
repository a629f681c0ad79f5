import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ZodType } from 'zod';
import { examine } from '#doctor/examine.ts';
import { loadConfig } from '#server/config.ts';
import { ConfigFile } from '#server/config-schema.ts';
import { heldSecrets, readConfigFact } from '#server/doctor-config.ts';
import { gatherFacts } from '#server/doctor-facts.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { readTree } from '../tree.ts';
import { blocksOfPages, configsOfPages, examples, placeExample, secretFiles } from './an-example.ts';

const load = (text: string) => {
  using placed = placeExample(text);
  return loadConfig(placed.file, placed.env);
};
const textOf = (path: string): string => readTree([path])[0]?.text ?? '';

test('each shipped example and each whole config of the pages is one that Firebreak takes', () => {
  const all = [...examples(), ...configsOfPages()];
  expect(all.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      'deploy/examples/behind-a-proxy.yaml',
      'deploy/examples/everything.yaml',
      'deploy/examples/minimal.yaml',
      'deploy/examples/slack-pagerduty.yaml',
      'deploy/kubernetes/config.yaml',
      expect.stringMatching(/^README\.md/),
    ]),
  );
  for (const { path, text } of all) expect(() => load(text), path).not.toThrow();
});

test('an example with a mistake would be found, with its line', () => {
  expect(() =>
    load(textOf('deploy/examples/minimal.yaml').replace('telemetry: prom', 'telemetry: pram')),
  ).toThrow(/^firebreak\.yaml:\d+ {2}services\[0\]\.telemetry: "pram" is not in telemetry/);
});

test('everything.yaml has every part that a config can have', () => {
  const parts = [...textOf('deploy/examples/everything.yaml').matchAll(/^([a-z_]+):/gm)].map(
    ([, part]) => part,
  );
  // `demo` is for the demo alone.
  expect(parts.toSorted()).toEqual(
    Object.keys(ConfigFile.shape)
      .filter((part) => part !== 'demo')
      .toSorted(),
  );
});

test.each([
  'deploy/examples/behind-a-proxy.yaml',
  'deploy/examples/minimal.yaml',
  'deploy/examples/slack-pagerduty.yaml',
  'deploy/kubernetes/config.yaml',
])('whoever starts with %s changes nothing: every service is only observed', (path) => {
  const services = [...load(textOf(path)).inventory.services.values()];
  expect(services.filter(({ mode }) => mode === 'observe')).toEqual(services);
  expect(services).not.toEqual([]);
});

test('the unit and the pod hand over exactly the secrets that their configs name', () => {
  const unit = textOf('deploy/firebreak.service');
  const wanted = secretFiles(textOf('deploy/examples/minimal.yaml'));
  expect([...unit.matchAll(/^LoadCredential=([^:]+):/gm)].map(([, name]) => name)).toEqual(wanted);
  expect([...unit.matchAll(/\$\{CREDENTIALS_DIRECTORY\}\/(\S+)/g)].map(([, name]) => name)).toEqual(wanted);
  const pod = textOf('deploy/kubernetes/stateful-set.yaml');
  const copied = [...pod.matchAll(/- \/mnt\/secrets\/(\S+)/g)].map(([, name]) => name);
  expect(copied.toSorted()).toEqual(secretFiles(textOf('deploy/kubernetes/config.yaml')));
  const mounted = [...pod.matchAll(/path: ([a-z.-]+)/g)].map(([, name]) => name);
  expect(mounted.toSorted()).toEqual(copied.toSorted());
});

test('each shipped example passes doctor', async () => {
  for (const { path, text } of examples()) {
    using placed = placeExample(text);
    const { dir, file, env } = placed;
    const { fact, config } = readConfigFact(file, env);
    const facts = gatherFacts({
      ...{ dataDir: join(dir, 'data'), clock: new FakeClock(), config, configFact: fact },
      secrets: config === null ? [] : heldSecrets(config),
      ...{ log: null, server: null, driftMs: null, online: null, uid: process.getuid?.() },
    });
    const failed = examine(facts).filter(({ status }) => status === 'fail');
    expect(failed, path).toEqual([]);
    expect(fact.problems, path).toEqual([]);
  }
});

test('each block of YAML in the pages is what the config takes', () => {
  const blocks = blocksOfPages().filter(({ value }) => !('kind' in value));
  expect(blocks.length).toBeGreaterThan(8);
  const shape = new Map<string, ZodType>(Object.entries(ConfigFile.shape));
  for (const { path, value } of blocks) {
    for (const [part, setting] of Object.entries(value)) {
      expect([...shape.keys()], path).toContain(part);
      // A page may leave out what it does not speak of.
      const wrong = shape.get(part)?.safeParse(setting).error?.issues ?? [];
      expect(
        wrong.filter(({ message }) => !message.endsWith('received undefined')),
        `${path}: ${part}`,
      ).toEqual([]);
    }
  }
});

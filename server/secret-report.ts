import { dirname, resolve } from 'node:path';
import { FirebreakError } from '#core/errors.ts';
import { type Env, readConfigText, secretsOf, thisEnvironment } from './config.ts';
import { referencesIn } from './config-secrets.ts';
import { group } from './config-shape.ts';
import { type Path, readYaml, showPath } from './config-yaml.ts';
import { secretFileProblem } from './secret-file.ts';
import { shapeProblems } from './secret-shapes.ts';

/** One reference of a config: where it stands, and whether it leads to something that can be used. */
export type SecretRow = {
  readonly name: string;
  readonly source: string;
  readonly settings: readonly string[];
  /** What it opens, as the log knows it: `source:ID`, `model:NAME`, `slack`, `pagerduty`; null where the log does not tell. */
  readonly opens: string | null;
  readonly problem: string | null;
  readonly fingerprint: string | null;
};

/**
 * Looks up every secret that a config names, without its values. A mistake elsewhere in the file does not matter. May take
 * 5 s for each entry of a keychain. Throws `config_invalid` when the file cannot be read at all.
 */
export function reportSecrets(path: string, env: Env = thisEnvironment()): readonly SecretRow[] {
  const yaml = readYaml(readConfigText(path));
  if (yaml.kind === 'broken')
    throw new FirebreakError('config_invalid', yaml.problems.map(({ message }) => message).join('\n'));
  const store = secretsOf(path, env, {});
  const shapes = shapeProblems(yaml.value, (ref) => store.handle(ref).secret);
  const rows = new Map<string, SecretRow>();
  for (const { ref, path: at, held } of referencesIn(group(yaml.value))) {
    const setting = showPath(at);
    const shape = shapes.find((one) => showPath(one.path) === setting)?.message ?? null;
    const known = rows.get(ref);
    if (known !== undefined) {
      rows.set(ref, { ...known, settings: [...known.settings, setting], problem: known.problem ?? shape });
      continue;
    }
    const handle = held ? store.handle(ref) : null;
    const problem = handle
      ? handle.problem()
      : secretFileProblem(resolve(dirname(path), ref.slice('file:'.length)));
    rows.set(ref, {
      ...{ name: ref, source: ref.slice(0, ref.indexOf(':')), settings: [setting], opens: opensOf(at) },
      problem: problem ?? shape,
      fingerprint: handle?.fingerprint() ?? null,
    });
  }
  return [...rows.values()];
}

function opensOf([part, name, third]: Path): string | null {
  if (part === 'slack' || part === 'pagerduty') return part;
  if (part === 'sources') return `source:${name}`;
  return part === 'models' && name === 'providers' ? `model:${third}` : null;
}

import { parseArgs } from 'node:util';
import type { BenchResult } from './result.ts';
import { suites } from './suite.ts';

// `npm run bench -- NAME [--quick] [--json]`: measures. Exit 1 when a count is wrong, never for a timing; 2 for wrong usage.

const usage = `usage: npm run bench -- NAME [--quick] [--json]\nNAME is one of: ${Object.keys(suites).join(', ')}`;

async function main(args: readonly string[]): Promise<number> {
  const asked = parse(args);
  if (asked === undefined) {
    console.error(usage);
    return 2;
  }
  const suite = await asked.load();
  const result = await suite.run({ quick: asked.quick });
  print(asked.name, result, asked.json);
  return result.wrong.length === 0 ? 0 : 1;
}

function print(bench: string, { lines, figures, wrong }: BenchResult, json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ bench, figures, wrong }));
    return;
  }
  for (const line of [...lines, ...wrong.map((count) => `WRONG ${count}`)]) console.log(line);
}

/** Undefined for anything but one known name and the known option. */
function parse(args: readonly string[]) {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const options = { json: flag, quick: flag };
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [name = '', ...rest] = positionals;
    const load = Object.hasOwn(suites, name) ? suites[name] : undefined;
    return load && rest.length === 0 ? { name, load, json: values.json, quick: values.quick } : undefined;
  } catch {
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));

import { parseArgs } from 'node:util';
import { suites } from './suite.ts';

// `npm run torture -- NAME [--short] [--seed N] [--only PART]`: hours of misuse in minutes. Exit 0 all passed, 1 something failed, 2 wrong usage.

const usage = `usage: npm run torture -- NAME [--short] [--seed N] [--only PART]\nNAME is one of: ${Object.keys(suites).join(', ')}`;

async function main(args: readonly string[]): Promise<number> {
  const asked = parse(args);
  if (asked === undefined) {
    console.error(usage);
    return 2;
  }
  const { name, load, ...options } = asked;
  const suite = await load();
  const { passed, failed, lines } = await suite.run(options);
  for (const line of lines) console.log(line);
  console.log(`${name}: ${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Undefined for anything but one known name and the known option. */
function parse(args: readonly string[]) {
  try {
    const options = {
      short: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
    } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [name = '', ...rest] = positionals;
    const load = Object.hasOwn(suites, name) ? suites[name] : undefined;
    const seed = /^\d{1,9}$/.test(values.seed) ? Number(values.seed) : undefined;
    if (load === undefined || rest.length > 0 || seed === undefined) return undefined;
    return { name, load, short: values.short, seed, only: values.only };
  } catch {
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));

import { parseArgs } from 'node:util';
import { suites } from './suite.ts';

// `npm run torture -- NAME [--short]`: hours of misuse in minutes. Exit 0 all passed, 1 something failed, 2 wrong usage.

const usage = `usage: npm run torture -- NAME [--short]\nNAME is one of: ${Object.keys(suites).join(', ')}`;

async function main(args: readonly string[]): Promise<number> {
  const asked = parse(args);
  if (asked === undefined) {
    console.error(usage);
    return 2;
  }
  const suite = await asked.load();
  const { passed, failed, lines } = await suite.run({ short: asked.short });
  for (const line of lines) console.log(line);
  console.log(`${asked.name}: ${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Undefined for anything but one known name and the known option. */
function parse(args: readonly string[]) {
  try {
    const options = { short: { type: 'boolean', default: false } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [name = '', ...rest] = positionals;
    const load = Object.hasOwn(suites, name) ? suites[name] : undefined;
    return load && rest.length === 0 ? { name, load, short: values.short } : undefined;
  } catch {
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));

import type { Module } from './source.ts';

/** Words of the language that have no place anywhere; `vitest.config.ts` must export a default. */
const banned: ReadonlySet<string> = new Set([
  'any',
  'enum',
  'namespace',
  'default export',
  're-export',
  'non-null assertion',
]);
const exempt: ReadonlySet<string> = new Set(['vitest.config.ts default export']);

/** Banned words anywhere, and addresses of other machines written into anything but a test. One line each. */
export function checkStyle(modules: readonly Module[]): string[] {
  return modules.flatMap((module) =>
    module.facts.flatMap((fact) => {
      const at = `${module.path}:${fact.line}`;
      if (fact.kind === 'word' && banned.has(fact.name) && !exempt.has(`${module.path} ${fact.name}`))
        return [`${at}: ${fact.name}`];
      if (fact.kind === 'url' && !isLoopback(fact.name) && !module.path.startsWith('tests/'))
        return [`${at}: address of another machine, ${fact.name}, belongs into the config`];
      return [];
    }),
  );
}

/** Whether a host name can only be this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '::1' ||
    host === '[::1]' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(host)
  );
}

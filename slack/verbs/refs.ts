import type { Digest, PersonId, ServiceId } from '#core/ids.ts';
import { Cause } from '#incidents/vocabulary.ts';
import type { Vocabulary } from './heard.ts';

/** What people call a cause, beside its own name. */
const callNames: Readonly<Partial<Record<Cause, readonly string[]>>> = {
  bad_deploy: ['deploy', 'deployment', 'bad deployment', 'release', 'bad release', 'rollout', 'the deploy'],
  memory_leak: ['leak', 'oom', 'out of memory', 'memory'],
  stuck_pool: ['stuck workers', 'pool', 'pool exhausted', 'deadlock', 'hung workers'],
  instance_down: ['instance', 'instances down', 'down', 'crash', 'crashed'],
  overload: ['overloaded', 'load', 'traffic', 'too much traffic', 'load spike'],
  unknown: ['something else', 'not that'],
};

const causes: ReadonlyMap<string, Cause> = new Map(
  Cause.options.flatMap((cause) =>
    [cause, cause.replaceAll('_', ' '), ...(callNames[cause] ?? [])].map((name) => [name, cause] as const),
  ),
);

/** The service of exactly this name. */
export function serviceIn({ services }: Vocabulary, name: string | undefined): ServiceId | null {
  const plain = name?.replace(/^the /, '').replace(/ service$/, '');
  return services.find((id) => id === plain) ?? null;
}

/** The person of exactly this id, with or without @. */
export function personIn({ people }: Vocabulary, name: string | undefined): PersonId | null {
  const plain = name?.replace(/^@/, '');
  return people.find((id) => id === plain) ?? null;
}

/** A cause by its name or by what people call it. */
export function causeIn(name: string | undefined): Cause | null {
  return causes.get(name?.replace(/^(?:an?|the) /, '') ?? '') ?? null;
}

/** How many digits of a fingerprint name an alert. */
export const SHORT = 12;

/** The one alert of this name, or with these first digits of its fingerprint; null where that is not clear. */
export function alertIn(vocabulary: Vocabulary, name: string | undefined): Digest | null {
  const plain = name?.replace(/^(?:the )?alert /, '') ?? '';
  const digits =
    plain.length === SHORT ? vocabulary.alerts.filter((one) => one.fingerprint.startsWith(plain)) : [];
  const found =
    digits.length > 0 ? digits.map(({ fingerprint }) => fingerprint) : alertsIn(vocabulary, plain);
  const [only] = found;
  return found.length === 1 && only !== undefined ? only : null;
}

/** The alerts of this name, or the one at this place of the list, counted from 1; empty where that is not clear. */
export function alertsIn({ alerts }: Vocabulary, name: string | undefined): readonly Digest[] {
  if (name === undefined) return [];
  const place = /^\d{1,2}$/.test(name) ? alerts[Number(name) - 1] : undefined;
  if (place !== undefined) return [place.fingerprint];
  const spelled = (one: Vocabulary['alerts'][number], full: boolean) =>
    (full ? `${one.name} ${one.service ?? ''}` : one.name).toLowerCase().trim();
  const exact = alerts.filter((one) => spelled(one, true) === name);
  const named = exact.length > 0 ? exact : alerts.filter((one) => spelled(one, false) === name);
  return named.map(({ fingerprint }) => fingerprint);
}

import { unreachable } from '#core/errors.ts';
import type { SignalSeen } from '#incidents/observations.ts';
import { decimal, type SignalName } from '#incidents/vocabulary.ts';

/** A value of a signal with its unit, for people and models: `31 %`, `41 ms`. */
export function withUnit(signal: SignalName, value: number): string {
  switch (signal) {
    case 'error_ratio':
    case 'saturation':
    case 'memory_use':
      return `${short(value * 100)} %`;
    case 'latency_p95':
      return `${short(value)} ms`;
    case 'request_rate':
      return `${short(value)}/s`;
    case 'instances_up':
      return short(value);
    default:
      return unreachable(signal);
  }
}

/** What was seen of a signal, in a few lines; the one that says `exact` has the figures as a report must give them. */
export function signalText(seen: SignalSeen): string {
  const { service, signal, now, normal, state, since, slope } = seen;
  const show = (value: number): string => withUnit(signal, value);
  const usual = normal
    ? `normally ${show(normal.median)}, ${show(normal.low)} to ${show(normal.high)}`
    : 'no past to compare';
  const first = `${service} ${signal}: ${now === null ? 'not measured now' : show(now)} (${usual}), ${state}`;
  const lines = [since === null ? first : `${first} since ${new Date(since).toISOString()}`];
  lines.push(exactly(seen));
  const changes = slope !== null && now !== null && Math.abs(slope) > Math.abs(now) / 100;
  if (changes && state !== 'normal') lines.push(`changes by ${show(slope)} per minute`);
  const recent = seen.points.v.slice(-12).map((value) => (value === null ? '-' : show(value)));
  lines.push(
    `last ${recent.length} points, ${short(seen.points.stepMs / 1000)} s apart: ${recent.join(' ')}`,
  );
  return lines.join('\n');
}

function exactly({ now, normal, since }: SignalSeen): string {
  const figure = (value: number | null): string => (value === null ? 'null' : (decimal(value) ?? 'null'));
  const band = normal
    ? `normal ${figure(normal.median)}, band ${figure(normal.low)} to ${figure(normal.high)}`
    : 'band null';
  return `exact: now ${figure(now)}, ${band}, since ${since ?? 'null'}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3)));
}

import { inert } from '#core/inert.ts';
import { count } from './numbers.ts';
import { duration } from './time.ts';

/** How long an alert that must keep coming was not seen, ms, and how long it may be. */
export type Silence = { readonly source: string; readonly silentMs: number; readonly withinMs: number };

/** What is left alone now, and what should be heard. */
export type Quietness = {
  /** Maintenance that is open now. */
  readonly windows: number;
  /** Pages that fire and are left alone. */
  readonly held: number;
  /** Alerts that change too often to mean anything. */
  readonly flapping: number;
  readonly watchdogs: readonly Silence[];
};

export const NOTHING_LEFT_ALONE: Quietness = { windows: 0, held: 0, flapping: 0, watchdogs: [] };

/** `1 window open, 2 pages left alone, 1 alert flaps`; null where there is nothing to say. */
export function quietWords({ windows, held, flapping }: Quietness): string | null {
  const parts = [
    ...(windows > 0 ? [`${count(windows, 'window')} of maintenance open`] : []),
    ...(held > 0 ? [`${count(held, 'page')} left alone: firebreak maintenance list`] : []),
    ...(flapping > 0
      ? [`${count(flapping, 'alert')} ${flapping === 1 ? 'flaps' : 'flap'}, held as firing`]
      : []),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

/** `alertmanager heard 40 s ago`, the silent ones first; null where none is expected. */
export function watchdogWords({ watchdogs }: Quietness): { text: string; isBad: boolean } | null {
  if (watchdogs.length === 0) return null;
  const silent = watchdogs.filter(isSilent);
  const heard = watchdogs.filter((one) => !isSilent(one));
  const parts = [
    ...silent.map(
      ({ source, silentMs, withinMs }) =>
        `${inert(source)} SILENT for ${duration(silentMs)}, more than ${duration(withinMs)}: its pages may not arrive`,
    ),
    ...heard.map(({ source, silentMs }) => `${inert(source)} heard ${duration(silentMs)} ago`),
  ];
  return { text: parts.join('; '), isBad: silent.length > 0 };
}

function isSilent({ silentMs, withinMs }: Silence): boolean {
  return silentMs > withinMs;
}

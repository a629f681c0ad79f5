import { count } from './numbers.ts';
import { pad, wrap } from './table.ts';
import { instant } from './time.ts';

/** One window in which pages of a service are left alone. Foreign text is inert. */
export type MaintenanceRow = {
  readonly id: string;
  readonly service: string;
  readonly state: 'open' | 'over' | 'weekly';
  /** Ms since 1970; of one that comes again, while it is open. */
  readonly until: number | null;
  /** When one that comes again begins. */
  readonly begins: string | null;
  readonly reason: string;
  /** Null: the config. */
  readonly by: string | null;
  /** Pages that it has left alone; of one that comes again, the last time. */
  readonly pages: number;
};
export type MaintenanceView = {
  readonly windows: readonly MaintenanceRow[];
  readonly silences: readonly {
    readonly id: string;
    readonly what: string;
    readonly until: number;
    readonly pages: number;
  }[];
  /** Pages that fire and are left alone now. */
  readonly held: number;
};

/** Lines for a terminal: what is left alone, until when, why, and what that kept from opening an incident. */
export function renderMaintenance(view: MaintenanceView, zone: string): string[] {
  const { windows, silences, held } = view;
  if (windows.length + silences.length === 0) return ['no maintenance'];
  return [
    ...windows.flatMap((row) => wrap(`${pad(row.id, 9)} ${windowWords(row, zone)}`, { indent: 10 })),
    ...silences.flatMap(({ id, what, until, pages }) =>
      wrap(
        `${pad(id, 9)} ${what}: silenced until ${instant(until, zone)}, ${count(pages, 'page')} left alone`,
        {
          indent: 10,
        },
      ),
    ),
    `${count(held, 'page')} ${held === 1 ? 'fires' : 'fire'} now and ${held === 1 ? 'is' : 'are'} left alone`,
  ];
}

function windowWords(
  { service, state, until, begins, reason, by, pages }: MaintenanceRow,
  zone: string,
): string {
  const when = [
    ...(begins === null ? [] : [`every ${begins}`]),
    ...(until === null
      ? []
      : [state === 'over' ? `over since ${instant(until, zone)}` : `until ${instant(until, zone)}`]),
  ].join(', ');
  const who = by === null ? 'by the config' : `by ${by}`;
  return `${service}: ${when}; ${reason}, ${who}; ${count(pages, 'page')} left alone`;
}

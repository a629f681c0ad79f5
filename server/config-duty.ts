import { z } from 'zod';
import { PersonId, ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import { DAY_MS, isZone, type Weekday, weekdays } from '#core/zoned-time.ts';
import type { Rung } from '#incidents/escalation.ts';
import type { QuietRules } from '#incidents/quiet.ts';
import type { Rota } from '#incidents/rota.ts';
import { Severity } from '#incidents/vocabulary.ts';
import { address, duration, id, secretRef, words } from './config-fields.ts';

/** Who is on duty and how to reach them, what is left alone, and who is told that this server lives. */

const zone = z.string().max(60).refine(isZone, 'is not a time zone such as Europe/Berlin');
const at = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/,
    'is not a time with its offset such as 2026-01-31T18:00+01:00',
  )
  .refine((text) => !Number.isNaN(Date.parse(text)), 'is not a time of the calendar')
  .transform((text) => Date.parse(text));
const calendarDay = z.iso
  .date('is not a date such as 2026-01-05')
  .transform((text) => Date.parse(`${text}T00:00:00Z`) / DAY_MS);

const WEEKLY = new RegExp(`^(?:(${weekdays.join('|')}) )?([01]\\d|2[0-3]):([0-5]\\d)$`);
/** `monday 09:00`, or `09:00` for every day. */
const weekly = z
  .string()
  .regex(WEEKLY, 'is not a time of the week such as monday 09:00, or 09:00')
  .transform((text) => {
    const [, day, hour, minute] = WEEKLY.exec(text) ?? [];
    const weekday: Weekday | null = weekdays.find((one) => one === day) ?? null;
    return { weekday, minute: Number(hour) * 60 + Number(minute) };
  });
const days = z
  .string()
  .regex(/^([1-9]|[1-4]\d|5[0-6])d$/, 'is not a number of days from 1d to 56d')
  .transform((text) => Number.parseInt(text, 10));
const channel = z
  .string()
  .regex(/^[CG][A-Z0-9]{2,20}$/, 'is not the id of a Slack channel such as C0123456789 (see its details)');
const pagerdutyId = z.string().regex(/^[A-Z0-9]{6,20}$/, 'is not an id of PagerDuty such as PABC123');

const override = z
  .strictObject({ from: at, until: at, person: PersonId })
  .refine(({ from, until }) => from < until, 'ends before it begins');
const rota = z.union([
  z.strictObject({
    people: z.array(PersonId).min(1).max(50),
    /** The first of the people takes over on this day. */
    first: calendarDay,
    handover: weekly,
    every: days.prefault('7d'),
    zone,
    override: z.array(override).max(200).default([]),
  }),
  z.strictObject({
    pagerduty: z.union([
      z.strictObject({ schedule: pagerdutyId }),
      z.strictObject({ escalation_policy: pagerdutyId }),
    ]),
  }),
]);
const rung = z.strictObject({
  after: duration(1000),
  /** `rota`, `team`, `channel`, or a person. */
  notify: z.union([z.enum(['rota', 'team', 'channel']), PersonId]),
});

export const teamFile = z.strictObject({
  id,
  name: words,
  channel: channel.exactOptional(),
  rota: rota.exactOptional(),
  rungs: z.array(rung).max(20).default([]),
});
export type TeamFile = z.infer<typeof teamFile>;

export const maintenanceFile = z.strictObject({
  /** Pages of this severity open an incident all the same. */
  let_through: z.literal('critical').exactOptional(),
  windows: z
    .array(
      z.strictObject({
        service: ServiceId,
        begins: weekly,
        for: duration(60_000),
        zone,
        reason: words,
      }),
    )
    .max(100)
    .default([]),
});
export const silencesFile = z
  .array(
    z.strictObject({
      match: z
        .strictObject({
          source: id.exactOptional(),
          service: ServiceId.exactOptional(),
          environment: words.exactOptional(),
          name: words.exactOptional(),
          severity: Severity.exactOptional(),
        })
        .refine((match) => Object.keys(match).length > 0, 'matches every page; name a service or an alert'),
      until: at,
      reason: words,
    }),
  )
  .max(200);
/** An address that is asked for again and again while this server can do its work. */
export const heartbeatFile = z.strictObject({ url: address, every: duration(1000).default(60_000) });
/** Where people are told of critical incidents while Slack takes no messages. */
export const fallbackFile = z.union([
  /** An address that takes JSON with a `text`; whoever knows it can post there, so it is a secret. */
  z.strictObject({ webhook: secretRef }),
  z.strictObject({ pagerduty: z.literal(true) }),
]);
/** A user of PagerDuty. */
export const pagerdutyUser = pagerdutyId;
/** An alert that must keep coming: its silence means that pages would not come either. */
export const watchdogFile = z.strictObject({
  alert: words.default('Watchdog'),
  within: duration(10_000).default(5 * 60_000),
});

/** Labels that an alert about the service carries, each with its value; `*` stands for any text: `pod: checkout-*`. */
export const matchFile = z
  .array(
    z
      .record(z.string().min(1).max(120), z.string().min(1).max(200))
      .refine((labels) => Object.keys(labels).length > 0, 'names no label'),
  )
  .min(1)
  .max(20);

export type Team = {
  readonly id: string;
  readonly name: string;
  /** Id of a Slack channel; null = the default one. */
  readonly channel: string | null;
  readonly rota:
    | { readonly kind: 'static'; readonly rota: Rota }
    | { readonly kind: 'pagerduty'; readonly schedule: string | null; readonly policy: string | null }
    | null;
  readonly rungs: readonly Rung[];
};
/** An alert that must come from a source again and again. */
export type Watchdog = { readonly source: string; readonly alert: string; readonly withinMs: number };
export type DutySettings = {
  readonly quiet: QuietRules;
  readonly watchdogs: readonly Watchdog[];
  readonly heartbeat: { readonly url: string; readonly everyMs: number } | null;
  readonly fallback:
    | { readonly kind: 'webhook'; readonly url: Secret }
    | { readonly kind: 'pagerduty' }
    | null;
  /** By id of the user in PagerDuty. */
  readonly pagerdutyUsers: ReadonlyMap<string, PersonId>;
};

type DutyFile = {
  readonly people: readonly { readonly id: PersonId; readonly pagerduty?: string }[];
  readonly fallback?: z.infer<typeof fallbackFile>;
  readonly maintenance: z.infer<typeof maintenanceFile>;
  readonly silences: z.infer<typeof silencesFile>;
  readonly heartbeat?: z.infer<typeof heartbeatFile>;
  readonly sources: Readonly<Record<string, { readonly watchdog?: z.infer<typeof watchdogFile> } | object>>;
};

/** A team of a file that was checked. */
export function buildTeam({ id: team, name, channel: reach, rota: turns, rungs }: TeamFile): Team {
  return {
    id: team,
    name,
    channel: reach ?? null,
    rota: turns === undefined ? null : buildRota(turns),
    rungs: rungs.map(({ after, notify }) => ({ afterMs: after, notify })),
  };
}

function buildRota(turns: NonNullable<TeamFile['rota']>): Team['rota'] {
  if ('pagerduty' in turns) {
    const { pagerduty } = turns;
    return 'schedule' in pagerduty
      ? { kind: 'pagerduty', schedule: pagerduty.schedule, policy: null }
      : { kind: 'pagerduty', schedule: null, policy: pagerduty.escalation_policy };
  }
  const { people, first, handover, every, zone: in_, override: overrides } = turns;
  const { minute } = handover;
  return {
    kind: 'static',
    rota: { people, firstDay: first, minute, everyDays: every, zone: in_, overrides },
  };
}

/** What is left alone and who is told that this server lives, of a file that was checked. */
export function buildDuty(
  { maintenance, silences, heartbeat, sources, fallback, people }: DutyFile,
  secretOf: (ref: string) => Secret,
): DutySettings {
  return {
    quiet: {
      letThrough: maintenance.let_through ?? null,
      windows: maintenance.windows.map(({ begins, for: lengthMs, ...rest }) => ({
        ...rest,
        ...begins,
        lengthMs,
      })),
      silences,
    },
    watchdogs: Object.entries(sources).flatMap(([source, one]) =>
      'watchdog' in one && one.watchdog !== undefined
        ? [{ source, alert: one.watchdog.alert, withinMs: one.watchdog.within }]
        : [],
    ),
    fallback: fallback === undefined ? null : buildFallback(fallback, secretOf),
    pagerdutyUsers: new Map(
      people.flatMap(({ id: person, pagerduty }) => (pagerduty === undefined ? [] : [[pagerduty, person]])),
    ),
    heartbeat: heartbeat === undefined ? null : { url: heartbeat.url, everyMs: heartbeat.every },
  };
}

function buildFallback(
  fallback: z.infer<typeof fallbackFile>,
  secretOf: (ref: string) => Secret,
): DutySettings['fallback'] {
  return 'webhook' in fallback ? { kind: 'webhook', url: secretOf(fallback.webhook) } : { kind: 'pagerduty' };
}

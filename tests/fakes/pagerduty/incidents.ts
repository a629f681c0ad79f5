import type { Clock } from '#core/clock.ts';

export type PagerStatus = 'triggered' | 'acknowledged' | 'resolved';
/** An incident of PagerDuty, as its REST API shows it; the webhook shows it without its body. */
export type PagerIncident = {
  id: string;
  type: 'incident';
  incident_number: number;
  title: string;
  status: PagerStatus;
  incident_key: string;
  created_at: string;
  last_status_change_at: string;
  urgency: 'high' | 'low';
  priority: { id: string; summary: string } | null;
  service: { id: string; summary: string; type: 'service_reference' };
  escalation_level: number;
  acknowledgements: { at: string; acknowledger: { id: string; type: 'user_reference' } }[];
  body: { type: 'incident_body'; details: Record<string, string> };
  notes: string[];
};

/** Whose token the product has, and a person whom its config does not know. */
export const BOT = 'PBOT';
export const STRANGER = 'PSTRANGER';

/** What somebody's monitoring sends to PagerDuty. */
export type Trigger = {
  title: string;
  key?: string;
  service?: { id: string; summary: string };
  urgency?: 'high' | 'low';
  priority?: string;
  details?: Record<string, string>;
};

export type PagerBook = ReturnType<typeof createPagerBook>;

/** What PagerDuty knows: its incidents, by the rules by which it changes them. */
export function createPagerBook(clock: Clock) {
  const all: PagerIncident[] = [];
  const stamp = (): string => new Date(clock.now()).toISOString();
  const open = (key: string) => all.find((one) => one.incident_key === key && one.status !== 'resolved');

  function trigger({ title, key, service, urgency = 'high', priority, details = {} }: Trigger) {
    const same = key === undefined ? undefined : open(key);
    if (same !== undefined) return { incident: same, isNew: false };
    const number = all.length + 1;
    const incident: PagerIncident = {
      id: `PINC${String(number).padStart(4, '0')}`,
      type: 'incident',
      incident_number: number,
      title,
      status: 'triggered',
      incident_key: key ?? `key-${number}`,
      created_at: stamp(),
      last_status_change_at: stamp(),
      urgency,
      priority: priority === undefined ? null : { id: 'PPRIO1', summary: priority },
      service: { id: 'PSVC001', summary: 'checkout', ...service, type: 'service_reference' },
      escalation_level: 1,
      acknowledgements: [],
      body: { type: 'incident_body', details },
      notes: [],
    };
    all.push(incident);
    return { incident, isNew: true };
  }

  /** Undefined where PagerDuty refuses: what is resolved stays so. */
  function move(id: string, status: PagerStatus, by: string): PagerIncident | undefined {
    const incident = all.find((one) => one.id === id);
    if (incident === undefined || incident.status === 'resolved') return undefined;
    incident.status = status;
    if (status === 'acknowledged')
      incident.acknowledgements.push({ at: stamp(), acknowledger: { id: by, type: 'user_reference' } });
    incident.last_status_change_at = stamp();
    return incident;
  }

  return {
    all: all as readonly PagerIncident[],
    get: (id: string) => all.find((one) => one.id === id),
    trigger,
    open,
    move,
    stamp,
  };
}

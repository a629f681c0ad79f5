import { z } from 'zod';

/** A string that was checked where it entered and may not be mixed up with another kind of id. */
const branded = <B extends string>(pattern: RegExp, brand: B) =>
  z.string().regex(pattern, `not a ${brand}`).brand<B>();

/** `INC-12`, counted per log; shown to people. */
export const IncidentId = branded(/^INC-[1-9]\d{0,8}$/, 'incident id');
export type IncidentId = z.infer<typeof IncidentId>;

/** `e12`: one tool call inside an incident. Evidence is cited by it; `INC-3` + `e12` is unique in a log. */
export const CallId = branded(/^e[1-9]\d{0,6}$/, 'call id');
export type CallId = z.infer<typeof CallId>;

/** `A-4`, counted per log: one plan put before people (or recorded only, in mode observe). */
export const ApprovalId = branded(/^A-[1-9]\d{0,8}$/, 'approval id');
export type ApprovalId = z.infer<typeof ApprovalId>;

/** Session key, grammar in `sessions/key.ts`. */
export const SessionKey = branded(/^agent:[a-z]+:[A-Za-z0-9:._-]{1,200}$/, 'session key');
export type SessionKey = z.infer<typeof SessionKey>;

/** One activation of a session until it reports or yields. */
export const RunId = branded(/^run-[a-z0-9-]{1,48}$/, 'run id');
export type RunId = z.infer<typeof RunId>;

/** A person of the config: `alice`. */
export const PersonId = branded(/^[a-z][a-z0-9._-]{0,62}$/, 'person id');
export type PersonId = z.infer<typeof PersonId>;

/** Service name of the inventory: `checkout`. */
export const ServiceId = branded(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/, 'service id');
export type ServiceId = z.infer<typeof ServiceId>;

/** Lower-case hex SHA-256. */
export const Digest = branded(/^[0-9a-f]{64}$/, 'digest');
export type Digest = z.infer<typeof Digest>;

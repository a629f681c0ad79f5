import { z } from 'zod';
import type { Secret } from '#core/secret.ts';
import { actSecretRef, address, secretRef } from './config-fields.ts';
import { type Group, group } from './config-shape.ts';

/** Alertmanagers that may be asked to keep quiet about one alert for a while. */

export const silencerFile = z.strictObject({
  url: address,
  /** For looking. */
  token: secretRef.exactOptional(),
  /** For making and ending silences; left out where the Alertmanager asks for none. */
  act_token: actSecretRef.exactOptional(),
});
type SilencerFile = z.infer<typeof silencerFile>;

export type Silencer = {
  readonly url: string;
  readonly token: Secret | null;
  /** Reference of the file with the credential for changes, as it is written; null: the Alertmanager asks for none. */
  readonly actToken: string | null;
};

type Sources = Readonly<Record<string, { readonly kind: string; readonly silence?: SilencerFile }>>;

/** The Alertmanagers of a file that was checked, by the source whose pages they make. */
export function silencersIn(sources: Sources): ReadonlyMap<string, SilencerFile> {
  return new Map(
    Object.entries(sources).flatMap(([id, { silence }]) =>
      silence === undefined ? [] : [[id, silence] as const],
    ),
  );
}

/** With the credential for looking. */
export function buildSilencers(
  sources: Sources,
  secretOf: (ref: string) => Secret,
): ReadonlyMap<string, Silencer> {
  return new Map(
    [...silencersIn(sources)].map(([id, { url, token, act_token: actToken = null }]) => [
      id,
      { url, token: token === undefined ? null : secretOf(token), actToken },
    ]),
  );
}

/** Whether any source of the file, as far as it can be read, may be asked. */
export function hasSilencer(root: Group): boolean {
  return Object.values(group(root.sources)).some((one) => group(one).silence !== undefined);
}

import type { ServiceId } from '#core/ids.ts';
import type { Act, Ask, Heard, Vocabulary } from './heard.ts';

/** What sentences are made of. */

export type Groups = Readonly<Record<string, string | undefined>>;
/** A whole sentence, in plain words, and how it is read. */
export type Sentence = {
  readonly form: RegExp;
  readonly read: (groups: Groups, vocabulary: Vocabulary) => Heard;
  /** People say this to each other, too: where it names nothing that is known, it was not meant for us. */
  readonly chatty?: true;
};

export const act = (wanted: Act): Heard => ({ kind: 'act', act: wanted });
export const ask = (wanted: Ask): Heard => ({ kind: 'ask', ask: wanted });
export const doubt = (reading: Act | Ask): Heard => ({ kind: 'doubt', reading });
export const missing = (what: Extract<Heard, { kind: 'missing' }>['what']): Heard => ({
  kind: 'missing',
  what,
});
export const is = (forms: string): RegExp => new RegExp(`^(?:${forms})$`);
export const NAME = '(?<name>@?[a-z0-9._-]+(?: service)?)';
export const OPTIONAL_THE = '(?:the )?';

/** What is wanted of a service, or that there is none of that name. */
export function withService(service: ServiceId | null, wanted: (service: ServiceId) => Act): Heard {
  return service === null ? missing('service') : act(wanted(service));
}

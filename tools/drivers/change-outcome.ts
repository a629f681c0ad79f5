export const changeRefusals = [
  'generation',
  'not_found',
  'invalid',
  'unauthorised',
  'bad_permit',
  'executor_down',
] as const;
export type ChangeRefusal = (typeof changeRefusals)[number];
export type ChangeOutcome =
  | ({ kind: 'done'; generation: number; tookMs: number } & Said)
  | { kind: 'refused'; reason: ChangeRefusal; detail: string } // nothing happened
  | ({ kind: 'unknown'; detail: string } & Said); // may or may not have happened
/** What a program said and how it ended, where one was run; the text is foreign, inert and short. */
type Said = { output?: string; exitCode?: number };

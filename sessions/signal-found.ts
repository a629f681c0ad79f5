import { z } from 'zod';
import { Decimal } from '#incidents/vocabulary.ts';

/** What a look at a signal found, as its outcome entry says it: what a claim about it is compared with. */
export const SignalFound = z.object({
  state: z.enum(['high', 'low', 'normal', 'unseen']),
  low: Decimal.nullable(),
  high: Decimal.nullable(),
});
export type SignalFound = z.infer<typeof SignalFound>;

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Right } from '#approvals/rights.ts';
import { parseJson } from '#core/canonical.ts';
import type { ApiAnswer, Asker } from './http-api.ts';
import type { Tier } from './http-limits.ts';
import { bytesOf } from './http-reply.ts';

/** What somebody asks for: the right that it takes, what it counts as, and the asking itself. */
export type Wish = {
  readonly right: Right;
  readonly tier: Tier;
  readonly run: (asker: Asker) => Promise<ApiAnswer>;
  /** Whose roles give the right is for the asking itself to look at; what the token is for is looked at here all the same. */
  readonly isJudgedThere?: boolean;
};
/** A request that does not say what it must. */
export type Unread = { readonly kind: 'unread'; readonly status: 400 | 404; readonly error: string };

/** One address for people. A route that names no right is none: `read` must say what each request takes. */
export type Route = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly read: (request: Pick<FastifyRequest, 'params' | 'body'>) => Wish | Unread;
};

/** What asking for something counts as, where nothing else is said of it. */
export const TIERS: Readonly<Record<Right, Tier>> = {
  read: 'read',
  note: 'note',
  propose: 'change',
  stop: 'free',
  decide: 'change',
  own: 'note',
};

/** A wish that takes this right. */
export function needs(right: Right, run: Wish['run'], tier: Tier = TIERS[right]): Wish {
  return { right, tier, run };
}

const Params = z.record(z.string(), z.string());

/** A wish about what the address names; an id of another form names nothing. */
export function withParam<S extends z.ZodType>(
  name: string,
  schema: S,
  read: (value: z.infer<S>, request: Pick<FastifyRequest, 'params' | 'body'>) => Wish | Unread,
): Route['read'] {
  return (request) => {
    const value = schema.safeParse(Params.parse(request.params)[name]);
    return value.success
      ? read(value.data, request)
      : { kind: 'unread', status: 404, error: `there is no such ${name}` };
  };
}

/** A wish that its body tells. */
export function withBody<T>(
  { body }: Pick<FastifyRequest, 'body'>,
  schema: z.ZodType<T>,
  read: (body: T) => Wish,
): Wish | Unread {
  const json = parseJson(Buffer.from(bytesOf(body)).toString('utf8'));
  if (json.kind === 'invalid')
    return unread(`the body is not usable JSON: ${json.reason.replaceAll('_', ' ')}`);
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return read(parsed.data);
  const [issue] = parsed.error.issues;
  return unread(`the body is not as expected: ${[...(issue?.path ?? []), issue?.message].join(' ')}`);
}

function unread(error: string): Unread {
  return { kind: 'unread', status: 400, error };
}

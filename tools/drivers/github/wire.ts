import { z } from 'zod';

/** What of GitHub's answers is read; all else is left where it is. */

const Sha = z.string().regex(/^[0-9a-f]{40}$/);
const When = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Person = z.object({ login: z.string() }).nullish();
const Signature = z.object({ name: z.string().nullish(), date: When });

export const Commit = z.object({
  sha: Sha,
  commit: z.object({ message: z.string(), author: Signature.nullish(), committer: Signature }),
  author: Person,
});
export type Commit = z.infer<typeof Commit>;
export const Commits = z.array(Commit).max(100);

export const Change = Commit.extend({
  files: z
    .array(
      z.object({
        filename: z.string(),
        additions: z.int().min(0),
        deletions: z.int().min(0),
        patch: z.string().optional(),
      }),
    )
    .max(3000)
    .default([]),
});

export const Deployments = z
  .array(z.object({ id: z.int().min(1), sha: Sha, created_at: When, creator: Person }))
  .max(100);

/** A state that is not known here says nothing of whether it went out. */
export const Statuses = z.array(z.object({ state: z.string(), created_at: When })).max(100);

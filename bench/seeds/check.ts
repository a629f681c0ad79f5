/** One check that was made of other systems, made of this one: the same words stand in `docs/comparison.md`. */
export type SeedCheck = {
  readonly name: string;
  /** What was recorded of the others; nothing of theirs runs here. */
  readonly recorded: string;
  /** What came out here, as counts. */
  readonly ours: string;
  /** Counts that are not what they must be. */
  readonly wrong: readonly string[];
};

/** A check of which all must pass. */
export function allOf(
  about: Pick<SeedCheck, 'name' | 'recorded'>,
  { good, of, words }: { good: number; of: number; words: string },
): SeedCheck {
  return {
    ...about,
    ours: `${good} of ${of} ${words}`,
    wrong: good === of && of > 0 ? [] : [`${about.name}: ${good} of ${of} ${words}`],
  };
}

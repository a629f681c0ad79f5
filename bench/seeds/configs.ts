import { messageOf } from '#core/errors.ts';
import { loadConfig } from '#server/config.ts';
import { configsOfPages, examples, placeExample } from '#tests/deploy/an-example.ts';
import type { SeedCheck } from './check.ts';

/** Every config that is shipped, those of the pages too, as the server loads it. */
export function configsCheck(): SeedCheck {
  const all = [...examples(), ...configsOfPages()];
  const problems = all.flatMap(({ path, text }) => {
    using placed = placeExample(text);
    try {
      loadConfig(placed.file, placed.env);
      return [];
    } catch (error) {
      return [`${path}: ${messageOf(error)}`];
    }
  });
  const ours =
    problems.length === 0
      ? 'all of them load; the tests start each example, and it passes doctor'
      : `${all.length - problems.length} of ${all.length}`;
  return {
    name: 'shipped configs that run',
    recorded: 'Ops Automation: 0 of 5 playbooks (2 were run, the others go the same way)',
    ours,
    wrong: problems,
  };
}

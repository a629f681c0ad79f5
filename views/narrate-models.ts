import { inert } from '#core/inert.ts';
import type { Fact } from '#incidents/entry.ts';
import type { Known } from './known.ts';
import { fallbackWords } from './model-use.ts';
import { dollars } from './numbers.ts';
import { type StoryLine, told } from './story.ts';
import { plainReason } from './words.ts';

type ModelFact = Extract<
  Fact,
  { kind: 'turn.replied' | 'spend.reserved' | 'model.attempted' | 'spend.noticed' }
>;

/** Models as far as people care: that another than the first choice answers, what failed, and that money runs out. */
export function narrateModel(fact: ModelFact, { incident }: Known): StoryLine[] {
  const at = fact.entry.ts;
  switch (fact.kind) {
    case 'spend.reserved':
      return [];
    case 'turn.replied': {
      const { model, why } = fact.body;
      // Once: every later turn would say it again, and the card counts them.
      if (why === null || (incident?.models.fallback?.turns ?? 1) > 1) return [];
      return [told(at, 'model', { what: `${inert(model)} answers: ${fallbackWords(why)}` })];
    }
    case 'model.attempted': {
      const { provider, model, outcome, usdMicros } = fact.body;
      if (outcome === 'ok' || outcome === 'recorded') return [];
      const what = `${inert(provider)}/${inert(model)}: ${plainReason(outcome)}`;
      return [told(at, 'model', { what, figure: dollars(usdMicros), quiet: true })];
    }
    case 'spend.noticed': {
      const { scope, role, percent, usdMicros, limitUsdMicros } = fact.body;
      const of = { incident: 'this incident', role: inert(role ?? 'this agent'), day: 'today' }[scope];
      const what =
        percent === 100
          ? `the budget of ${of} is spent: the rules go on`
          : `${percent} % of the budget of ${of} is used`;
      return [told(at, 'budget', { what, figure: `${dollars(usdMicros)} of ${dollars(limitUsdMicros)}` })];
    }
  }
}

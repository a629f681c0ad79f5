import type { CallId, ServiceId } from '#core/ids.ts';
import { type Assessment, LIKELY } from './assessment.ts';
import type { Clue, Detector, Need } from './detectors.ts';
import type { Read } from './read.ts';
import type { Scene, Verdict } from './scene.ts';

/** While something that a cause needs is unseen, its confidence ends here. */
const UNSEEN_CEILING = LIKELY - 5;
/** Points at stake where a no would rule a cause out. */
const RULES_OUT = 60;
/** Nothing that is computed from telemetry is certain. */
const CEILING = 97;

/** Weighs one cause at one service. Pure; the same evidence gives the same number. */
export function assess(scene: Scene, detector: Detector, service: ServiceId): Assessment {
  const sum = new Weighing();
  for (const clue of detector.needs) sum.need(clue, clue.ask(scene, service));
  for (const clue of detector.clues) sum.clue(clue, clue.ask(scene, service));
  return { cause: detector.cause, service, ...sum.result() };
}

class Weighing {
  #points = 0;
  /** What the points would gain if everything that can still be looked at spoke for the cause. */
  #open = 0;
  #unseenNeed = false;
  #blindNeed = false;
  #ruledOut = false;
  readonly #for: CallId[] = [];
  readonly #against: CallId[] = [];
  readonly #wants: { read: Read; points: number }[] = [];

  need({ yes }: Need, verdict: Verdict): void {
    this.#cite(verdict, yes, -1);
    if (verdict.is === 'yes') this.#points += yes;
    if (verdict.is === 'no') this.#ruledOut = true;
    if (verdict.is !== 'unseen') return;
    this.#unseenNeed = true;
    this.#want(verdict, { gain: yes, atStake: RULES_OUT });
    if (verdict.wants.length === 0) this.#blindNeed = true;
  }

  clue({ yes, no, unseen }: Clue, verdict: Verdict): void {
    this.#cite(verdict, yes, no);
    if (verdict.is !== 'unseen') {
      this.#points += verdict.is === 'yes' ? yes : no;
      return;
    }
    const lost = verdict.missed ? unseen : 0;
    this.#points += lost;
    this.#want(verdict, { gain: Math.max(yes, no) - lost, atStake: Math.abs(yes - no) });
  }

  /** What counts nothing either way is no evidence. */
  #cite({ is, calls }: Verdict, yes: number, no: number): void {
    const worth = is === 'yes' ? yes : is === 'no' ? no : 0;
    if (worth > 0) this.#for.push(...calls);
    if (worth < 0) this.#against.push(...calls);
  }

  #want({ wants }: Verdict, { gain, atStake }: { gain: number; atStake: number }): void {
    for (const read of wants) this.#wants.push({ read, points: atStake });
    if (wants.length > 0) this.#open += gain;
  }

  result(): Omit<Assessment, 'cause' | 'service'> {
    const clamp = (points: number, unseen: boolean): number =>
      this.#ruledOut ? 0 : Math.max(0, Math.min(unseen ? UNSEEN_CEILING : CEILING, Math.round(points)));
    return {
      confidence: clamp(this.#points, this.#unseenNeed),
      potential: clamp(this.#points + this.#open, this.#blindNeed),
      ruledOut: this.#ruledOut,
      for: [...new Set(this.#for)],
      against: [...new Set(this.#against)],
      wants: this.#wants,
    };
  }
}

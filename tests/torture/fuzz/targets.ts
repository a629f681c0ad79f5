import type { Target } from './target.ts';
import { edgeTargets } from './targets/edges.ts';
import { intakeTargets } from './targets/intake.ts';
import { logTargets } from './targets/log.ts';
import { modelTargets } from './targets/models.ts';
import { slackTargets } from './targets/slack.ts';
import { systemTargets } from './targets/systems.ts';
import { telemetryTargets } from './targets/telemetry.ts';

/** Every parser that text from outside reaches. */
export const targets: readonly Target[] = [
  ...intakeTargets,
  ...slackTargets,
  ...edgeTargets,
  ...logTargets,
  ...modelTargets,
  ...telemetryTargets,
  ...systemTargets,
];

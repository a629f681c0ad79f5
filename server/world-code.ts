import type { Clock } from '#core/clock.ts';
import { originOf } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';
import { createGitHub } from '#tools/drivers/github/github.ts';
import { guardCode } from '#tools/drivers/guarded.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { Config } from './config-build.ts';
import { guardOf } from './world-telemetry.ts';

/** Where changes of code are looked up, where the config names it, behind a breaker of its own; nothing else is spoken to. */
export function createCode({ github }: Pick<Config, 'github'>, clock: Clock): Pick<World, 'code'> {
  if (github === null) return {};
  const { url, token } = github;
  const { fetch: send } = createEgress({ rules: [originOf(url)], clock });
  const driver = createGitHub({ url, token: () => token.reveal(), send }, clock);
  return { code: guardCode(driver, guardOf('GitHub', clock)) };
}

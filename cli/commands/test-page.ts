import { FirebreakError } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath, dataDirOf } from '../data-dir.ts';
import { readServerFile } from '../server-file.ts';

/** Sends a harmless page to the running server the way the config's Alertmanager would, to see that pages arrive. */
export async function testPage(options: Common, context: Context): Promise<Outcome> {
  const [{ loadConfig }, { sendTestPage }] = await Promise.all([
    import('#server/config.ts'),
    import('#server/test-page.ts'),
  ]);
  const config = loadConfig(configPath(options, context));
  const source = [...config.sources.values()].find(
    (one) => one.kind === 'alertmanager' && one.tokens.length > 0,
  );
  const token = source?.kind === 'alertmanager' ? source.tokens[0] : undefined;
  if (source === undefined || token === undefined)
    throw new FirebreakError('config_invalid', 'no source of kind alertmanager in the config has a token');
  const dataDir = dataDirOf(options, context);
  const server = readServerFile(dataDir);
  if (server === undefined)
    throw new FirebreakError(
      'server_unreachable',
      `no server is running in ${dataDir}; start it with: firebreak serve`,
    );
  const sent = await sendTestPage({
    url: server.url,
    source: source.id,
    token,
    clock: context.clock,
  });
  if (sent.kind === 'failed')
    throw new FirebreakError('server_unreachable', `the test page did not arrive: ${inert(sent.detail)}`, {
      next: 'retry',
    });
  return {
    lines: [`the test page arrived: ${sent.incidents.join(', ')}`],
    json: { incidents: sent.incidents },
  };
}

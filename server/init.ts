import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makePrivateDir } from '#audit/private-files.ts';
import type { Random } from '#core/clock.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import { CONFIG_NAME, loadConfig } from './config.ts';
import { exampleConfig } from './example-config.ts';
import type { LocalFinds } from './local-finds.ts';

const TOKEN_FILE = 'alertmanager.token';

export type InitOptions = {
  /** Folder of the config; made when it is not there. */
  readonly dir: string;
  readonly environment: string;
  readonly team: { readonly id: string; readonly name: string };
  readonly person: { readonly id: string; readonly name: string };
  readonly found: LocalFinds;
  readonly random: Random;
};

export type Initialised = {
  readonly config: string;
  /** Shown once; only its hash was written. */
  readonly personToken: string;
  /** File with the token that the Alertmanager sends. */
  readonly tokenFile: string;
  /** What to add to alertmanager.yml. */
  readonly receiver: string;
};

/**
 * Writes a commented config and the Alertmanager's token. Never overwrites: keeps a token file that is there, and throws
 * `usage` when there is a config already, or when the names given make none that loads (then it does not stay). Throws
 * what the file system throws.
 */
export function initConfig(options: InitOptions): Initialised {
  const { environment, team, person, found, random } = options;
  const dir = resolve(options.dir);
  const config = join(dir, CONFIG_NAME);
  const tokenFile = join(dir, TOKEN_FILE);
  const { token, hash } = mintToken(random);
  const text = exampleConfig({
    environment,
    team,
    person: { ...person, tokenHash: hash },
    alertmanagerToken: `./${TOKEN_FILE}`,
    found,
  });
  makePrivateDir(dir);
  if (!writeNew(config, text)) {
    throw new FirebreakError('usage', `${config} is already there; it was left as it is`);
  }
  writeNew(tokenFile, `${mintToken(random).token}\n`);
  checkLoads(config);
  return { config, personToken: token, tokenFile, receiver: receiverFor(tokenFile) };
}

/** Names come from people: what they make of the config must load, or it does not stay. */
function checkLoads(config: string): void {
  try {
    loadConfig(config, {});
  } catch (error) {
    rmSync(config);
    throw new FirebreakError('usage', `no config was written:\n${messageOf(error)}`, { cause: error });
  }
}

/** A token of 32 random bytes, and the hash by which it is known again. */
export function mintToken(random: Random): { token: string; hash: Digest } {
  const token = `fbk_${random.bytes(32).toString('base64url')}`;
  return { token, hash: sha256(token) };
}

/** False when the file is there already. */
function writeNew(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function receiverFor(tokenFile: string): string {
  return `receivers:
  - name: firebreak
    webhook_configs:
      - url: http://127.0.0.1:7411/v1/alerts/alertmanager
        send_resolved: true
        max_alerts: 200
        http_config:
          authorization: {type: Bearer, credentials_file: ${JSON.stringify(tokenFile)}}
`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';

/** A token must never go to another machine, whatever the file says. */
const LoopbackUrl = z.url().refine((text) => {
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'http:' &&
    (hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname))
  );
}, 'not a loopback address');

const ServerFile = z.object({
  url: LoopbackUrl,
  pid: z.int().min(1),
  startedAt: z.int(),
  version: z.string(),
});
/** Where the running server listens, as it wrote it into its data directory. */
export type ServerFile = z.infer<typeof ServerFile>;

/** Undefined when no server has written its address there. Throws `server_unreachable` for a file that is not usable. */
export function readServerFile(dataDir: string): ServerFile | undefined {
  const path = join(dataDir, 'server.json');
  const text = readText(path);
  if (text === undefined) return undefined;
  const json = parseJson(text);
  const parsed = json.kind === 'ok' ? ServerFile.safeParse(json.value) : undefined;
  if (parsed?.success) return parsed.data;
  const reason = parsed?.error.issues[0]?.message ?? 'not JSON';
  throw new FirebreakError(
    'server_unreachable',
    `${path} cannot be used (${reason}); stop the server, delete the file and start it again: firebreak serve`,
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}

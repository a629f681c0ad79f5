import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '#core/canonical.ts';
import { FirebreakError } from '#core/errors.ts';
import { type Ip, inAny, LOOPBACK, parseIp } from '#core/ip.ts';

/** A token must never go to another machine, whatever the file says. */
const OwnUrl = z.url().refine((text) => {
  const { protocol, hostname } = new URL(text);
  return /^https?:$/.test(protocol) && (hostname === 'localhost' || isOwnAddress(hostname));
}, 'not an address of this machine');

function isOwnAddress(hostname: string): boolean {
  const ip = parseIp(hostname.replace(/^\[|\]$/g, ''));
  if (ip === undefined) return false;
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return inAny(ip, LOOPBACK) || own.some(({ address }) => isSame(ip, parseIp(address)));
}

function isSame(one: Ip, other: Ip | undefined): boolean {
  return other !== undefined && one.family === other.family && one.value === other.value;
}

const ServerFile = z
  .object({
    url: OwnUrl,
    /** The certificate that it shows, where it speaks TLS. */
    certificate: z.string().max(20_000).exactOptional(),
    pid: z.int().min(1),
    startedAt: z.int(),
    version: z.string(),
  })
  .refine(
    ({ url, certificate }) => url.startsWith('http:') || certificate !== undefined,
    'it has no certificate',
  );
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

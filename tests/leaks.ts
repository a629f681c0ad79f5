import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '#core/hash.ts';
import { findSecrets } from '#core/redact.ts';
import type { SourceFile } from './source.ts';
import { readTree, root } from './tree.ts';

/** What is no text, or holds nothing but checksums. */
const OTHERS = /(?:^package-lock\.json|\.(?:png|ttf|gz|ico))$/;
/** Says where a secret lies, or is a hash of one. */
const REFERENCE = /^["'\\]*(?:env|file|keychain|sha256):/;
/** What vendors and generators make: long, without spaces, digits among letters. Source code names most values otherwise. */
const RUN = /[A-Za-z0-9+/_=.~-]{16,}/g;
const isGenerated = (run: string): boolean => /\d/.test(run) && /[A-Za-z]/.test(run);
const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/;
const KEY_BODY = /[A-Za-z0-9+/=]{40,}/;

/**
 * Made-up values that tests show to the product, by the first digits of their hash. A new one is put together from
 * parts where it is used, as in tests/core/redact-corpus.ts, so that it is no hit at all.
 */
const SAMPLES: ReadonlySet<string> = new Set([
  ...['0d3b56072291', '1aafbb0a0e18', '26e375b76447', '35b1b076263a', '3aee26b83db8', '3d6fd0b49d78'],
  ...['45be2112e10d', '5d712ba728d8', '5f408266e9c7', '6adbfd178516', '7fee7f7eb1d9', '819c4be90338'],
  ...['8451cc91c9c7', '89b603765308', '9fb28bb8e514', 'acfac0907506', 'b2f6d26e05fc', 'd8fe76b428b9'],
  ...['dc983026fd00', 'ead40b99ca60', 'f445801e0cb8', 'f756a24aee82'],
]);

/**
 * Lines that hold what the product itself would take out of a text, found by the same code: of files that are kept, or
 * would be, under version control. One line each with a hash to know the value by, never with the value.
 */
export function findLeaks(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, at) =>
      leaksIn(line, lines[at + 1] ?? '').map(
        (hash) =>
          `${path}:${at + 1}: looks like a secret (${hash}); revoke it, or put a made-up one together from parts`,
      ),
    );
  });
}

function leaksIn(line: string, next: string): string[] {
  return findSecrets(line).flatMap(({ from, to }) => {
    const found = line.slice(from, to);
    if (KEY_BEGINS.test(found)) return KEY_BODY.test(found) || KEY_BODY.test(next) ? [hashOf(line)] : [];
    if (REFERENCE.test(found)) return [];
    return (found.match(RUN) ?? [])
      .filter(isGenerated)
      .map(hashOf)
      .filter((hash) => !SAMPLES.has(hash));
  });
}

const hashOf = (value: string): string => sha256(value).slice(0, 12);

/** Every file that is, or would be, kept under version control; every file there is, where there is none. */
export function keptFiles(from: string = root): SourceFile[] {
  if (!existsSync(join(from, '.git'))) return readTree([''], from).filter(({ path }) => !OTHERS.test(path));
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', listed, { cwd: from, maxBuffer: 64 * 1024 * 1024 })
    .toString('utf8')
    .split('\0');
  return [...new Set(paths)]
    .filter((path) => path !== '' && !OTHERS.test(path) && existsSync(join(from, path)))
    .map((path) => ({ path, text: readFileSync(join(from, path), 'utf8') }));
}

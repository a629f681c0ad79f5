import type { SourceFile } from './source.ts';

/** Words that mark unfinished work. */
const unfinished = /\b(?:TODO|FIXME|XXX|HACK|TBD)\b/;

/** Contacts and names that somebody forgot to fill in. */
const placeholder =
  /@(?:example|domain|yourdomain|company)\.\w+|\[(?:insert|your)\b|\byour[-_](?:email|name|org)\b|<(?:email|owner|contact)>/i;
const pagesForPeople = /^(?:README|SECURITY|CONTRIBUTING|CHANGELOG|AGENTS)\.md$/;

/** Lines outside the tests that mark unfinished work, and lines of the main pages that hold a placeholder contact. */
export function findMarkers(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !file.path.startsWith('tests/') && file.path !== 'package-lock.json')
    .flatMap((file) =>
      file.text.split('\n').flatMap((text, index) => {
        const at = `${file.path}:${index + 1}`;
        if (unfinished.test(text)) return [`${at}: marks unfinished work`];
        return pagesForPeople.test(file.path) && placeholder.test(text) ? [`${at}: placeholder contact`] : [];
      }),
    );
}

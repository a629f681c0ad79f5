import { expect, test } from 'vitest';
import { findMarkers } from './markers.ts';

const at = (path: string, text: string) => findMarkers([{ path, text }]);

test('unfinished work is found with its line, but not in tests or inside longer words', () => {
  expect(at('core/a.ts', 'const a = 1;\n// TODO later')).toEqual(['core/a.ts:2: marks unfinished work']);
  expect(at('prompts/monitor.md', 'FIXME: shorter')).toHaveLength(1);
  expect(at('tests/a.test.ts', '// TODO')).toEqual([]);
  expect(at('core/a.ts', 'const TODOS = 1; const hack = 2;')).toEqual([]);
});

test.each([
  'security@example.com',
  'mail [INSERT CONTACT]',
  'github.com/your-org/firebreak',
  'write to <email>',
])('a placeholder contact is found on a page for people: %s', (text) => {
  expect(at('SECURITY.md', text)).toEqual(['SECURITY.md:1: placeholder contact']);
  expect(at('demo/firebreak.yaml', text)).toEqual([]);
});

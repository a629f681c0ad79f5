import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionKey } from '#core/ids.ts';
import { formatSessionKey, type ParsedKey, parseSessionKey } from '#sessions/key.ts';

const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/);
const parsed: fc.Arbitrary<ParsedKey> = fc.oneof(
  fc.record({
    kind: fc.constant('slack' as const),
    channel: fc.stringMatching(/^[A-Z0-9]{1,32}$/),
    thread: fc.stringMatching(/^[0-9]{1,12}\.[0-9]{6}$/),
  }),
  fc.record({
    kind: fc.constant('hook' as const),
    source: fc.stringMatching(/^[a-z][a-z0-9_-]{0,39}$/),
    dedup: word,
  }),
  fc.record({ kind: fc.constant('cli' as const), id: word }),
  fc.record({
    kind: fc.constant('eval' as const),
    case: word,
    seed: fc.integer({ min: 0, max: 9_999_999_999 }),
  }),
  fc.record({
    kind: fc.constant('subagent' as const),
    role: fc.constantFrom('monitor' as const, 'diagnosis' as const, 'remediation' as const),
    uuid: fc.uuid(),
  }),
);

describe('session keys', () => {
  test('a key that is written and read again is the same key', () => {
    fc.assert(
      fc.property(parsed, (key) => {
        const text = formatSessionKey(key);
        expect(text).toBeDefined();
        expect(parseSessionKey(String(text))).toEqual(key);
        expect(SessionKey.safeParse(text).success).toBe(true);
      }),
    );
  });

  test('any text is either refused or spelled back exactly', () => {
    const near = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            'agent',
            'coordinator',
            'monitor',
            'hook',
            'slack',
            'subagent',
            'cli',
            'eval',
            'C01',
          ),
          fc.string({ maxLength: 12 }),
          fc.uuid(),
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join(':'));
    fc.assert(
      fc.property(near, (text) => {
        const key = parseSessionKey(text);
        if (key !== undefined) expect(formatSessionKey(key)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    'agent:coordinator:main',
    'agent:coordinator:subagent:00000000-0000-4000-8000-000000000000',
    'agent:monitor:hook:alertmanager:ab12',
    'agent:monitor:subagent:00000000-0000-4000-8000-00000000000A',
    'agent:monitor:subagent:00000000-0000-4000-8000-000000000000 ',
    'agent:Monitor:subagent:00000000-0000-4000-8000-000000000000',
    'agent:coordinator:eval:case:01',
    'agent:coordinator:eval:case:-1',
    'agent:coordinator:slack:channel:c01:thread:1.000001',
    'agent:coordinator:slack:channel:C01',
    'agent:coordinator:cli:',
    'agent:coordinator:cli:a:b',
    'agent:coordinator:cli:a\n',
    '',
  ])('%j is refused, not repaired', (text) => {
    expect(parseSessionKey(text)).toBeUndefined();
  });

  test('parts outside the grammar cannot be written as a key', () => {
    expect(formatSessionKey({ kind: 'cli', id: 'a:b' })).toBeUndefined();
    expect(formatSessionKey({ kind: 'eval', case: 'x', seed: 1.5 })).toBeUndefined();
  });
});

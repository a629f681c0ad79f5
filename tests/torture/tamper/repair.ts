import { z } from 'zod';
import type { NoteSigner } from '#audit/signed-note.ts';
import { changed, type Group, reseal } from './forge.ts';
import type { Files } from './victim.ts';

const Ref = z.object({ id: z.string(), segment: z.int(), at: z.int(), bytes: z.int(), sha256: z.string() });
const Shape = z.object({ ts: z.int(), payloads: z.array(Ref) });

/**
 * What somebody with the key does to cover up: numbers and times that go on, content laid out anew, every checkpoint
 * signed again.
 */
export function repair(files: Files, key: NoteSigner): Files {
  const groups = files.segments.flat();
  const content: Buffer[] = [];
  let [seq, ts, at] = [0, 0, 0];
  const fixed = groups.map(({ entries, checkpoint }) => ({
    checkpoint,
    entries: entries.map((line) =>
      changed(line, (entry) => {
        const { ts: said, payloads } = Shape.parse(entry);
        ts = Math.max(ts, said);
        entry.seq = seq;
        entry.ts = ts;
        seq += 1;
        entry.payloads = payloads.map((ref) => {
          const bytes = files.payloads[ref.segment]?.subarray(ref.at, ref.at + ref.bytes) ?? Buffer.alloc(0);
          content.push(bytes);
          const moved = { ...ref, segment: 0, at };
          at += bytes.length;
          return moved;
        });
      }),
    ),
  }));
  const sealed = reseal(fixed, () => key);
  return { segments: inSegments(sealed, files.segments), payloads: [Buffer.concat(content)], pub: files.pub };
}

/** Cuts groups into as many segments as there were. */
function inSegments(groups: readonly Group[], like: readonly (readonly Group[])[]): Group[][] {
  let from = 0;
  return like
    .map((segment, number) => {
      const to = number === like.length - 1 ? groups.length : from + segment.length;
      const part = groups.slice(from, to);
      from = to;
      return part;
    })
    .filter((part) => part.length > 0);
}

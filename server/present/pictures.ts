import type { IncidentId } from '#core/ids.ts';
import type { PostContent } from '#tools/act/posts.ts';
import type { Jobs } from '../jobs.ts';

export type Pictures = {
  /** The picture if it is drawn; else it is being drawn from now on, and `onDrawn` is told. */
  ready(id: IncidentId): boolean;
  /** Gives it away. */
  take(id: IncidentId): PostContent | undefined;
};

/**
 * Pictures take long: none is waited for, and it is posted once it is there. none -> drawing -> drawn -> taken; where
 * there is nothing to draw, none again.
 */
export function createPictures({
  draw,
  jobs,
  onDrawn,
}: {
  draw: (id: IncidentId) => Promise<PostContent | null>;
  jobs: Jobs;
  onDrawn: (id: IncidentId, isDrawn: boolean) => void;
}): Pictures {
  const drawn = new Map<IncidentId, PostContent>();
  const drawing = new Set<IncidentId>();
  const begin = (id: IncidentId): void => {
    drawing.add(id);
    jobs.run(`picture ${id}`, async () => {
      let picture: PostContent | null = null;
      try {
        picture = await draw(id);
      } finally {
        drawing.delete(id);
        if (picture !== null) drawn.set(id, picture);
        onDrawn(id, picture !== null);
      }
    });
  };
  return {
    ready: (id) => {
      if (drawn.has(id)) return true;
      if (!drawing.has(id)) begin(id);
      return false;
    },
    take: (id) => {
      const picture = drawn.get(id);
      drawn.delete(id);
      return picture;
    },
  };
}

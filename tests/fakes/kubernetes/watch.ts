import type { ServerResponse } from 'node:http';
import { isSelected } from './query.ts';
import type { State } from './state.ts';
import type { Change } from './store.ts';

type Watch = {
  response: ServerResponse;
  collection: string;
  namespace: string | undefined;
  query: URLSearchParams;
};

/**
 * Tells what changes after a version, in chunks that do not end where lines do, and where it is asked for a bookmark
 * first. From a version that is not kept any more it tells that it is gone, and ends.
 */
export function watch({ store, clock }: State, { response, collection, namespace, query }: Watch): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const write = (event: object): void => {
    const line = `${JSON.stringify(event)}\n`;
    const middle = Math.floor(line.length / 2);
    response.write(line.slice(0, middle));
    response.write(line.slice(middle));
  };
  const before = store.since(Number(query.get('resourceVersion') ?? 0));
  if (before === null) {
    const status = { kind: 'Status', reason: 'Expired', message: 'too old resource version', code: 410 };
    write({ type: 'ERROR', object: status });
    response.end();
    return;
  }
  const tell = ({ collection: of, type, object }: Change): void => {
    const isHere = of === collection && (namespace === undefined || object.metadata.namespace === namespace);
    if (isHere && isSelected(object, query)) write({ type, object });
  };
  if (query.get('allowWatchBookmarks') === 'true')
    write({
      type: 'BOOKMARK',
      object: { kind: 'Deployment', metadata: { resourceVersion: store.version() } },
    });
  for (const change of before) tell(change);
  const stop = store.onChange(tell);
  const cancel = clock.after(Number(query.get('timeoutSeconds') ?? 300) * 1000, () => response.end());
  response.on('close', () => {
    stop();
    cancel();
  });
}

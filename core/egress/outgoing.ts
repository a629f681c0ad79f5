/** What is the connection's own business; `host` would make another server of the one that was allowed. */
const OWN: readonly string[] = [
  ...['host', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'te', 'trailer'],
  ...['upgrade', 'expect', 'proxy-authorization', 'proxy-connection', 'accept-encoding'],
];

/** The headers that are sent: those that were asked for, but for what belongs to the connection, and no compression. */
export function outgoingHeaders(asked: Headers, contentType: string | null): Record<string, string> {
  for (const name of OWN) asked.delete(name);
  if (contentType !== null && !asked.has('content-type')) asked.set('content-type', contentType);
  asked.set('accept-encoding', 'identity');
  if (!asked.has('accept')) asked.set('accept', '*/*');
  return Object.fromEntries(asked);
}

/** A body as bytes, with the type it has by itself. */
export async function outgoingBody(
  body: RequestInit['body'],
): Promise<{ readonly bytes: Uint8Array | null; readonly type: string | null }> {
  if (body === undefined || body === null) return { bytes: null, type: null };
  if (body instanceof Uint8Array) return { bytes: body, type: null };
  const read = new Response(body);
  return { bytes: new Uint8Array(await read.arrayBuffer()), type: read.headers.get('content-type') };
}

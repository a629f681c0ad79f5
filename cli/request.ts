import { X509Certificate } from 'node:crypto';
import type { ServerFile } from './server-file.ts';

export type Request = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};
export type Response = { readonly status: number; readonly bytes: Uint8Array };

/**
 * Sends one request to the server of a data directory and waits for the whole answer; follows no redirect. Where it
 * speaks TLS, exactly the certificate that it wrote down is trusted, whoever signed it. Throws what the connection throws.
 */
export async function requestServer(
  { url, certificate }: Pick<ServerFile, 'url' | 'certificate'>,
  request: Request,
): Promise<Response> {
  const address = new URL(request.path, url);
  if (address.protocol === 'https:') return pinned(address, certificate ?? '', request);
  const { method, headers, body, signal } = request;
  const response = await fetch(address, {
    ...{ method, headers, signal, redirect: 'error' },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
}

async function pinned(
  address: URL,
  certificate: string,
  { method, headers, body, signal }: Request,
): Promise<Response> {
  const { request } = await import('node:https');
  const { fingerprint256 } = new X509Certificate(certificate);
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const options = {
    ...({ method, headers, signal, ca: certificate, minVersion: 'TLSv1.2', agent: false } as const),
    ...{ rejectUnauthorized: true, allowPartialTrustChain: true },
    // The certificate itself is what is trusted: the names in it say nothing more.
    checkServerIdentity: (_host: string, peer: { readonly fingerprint256: string }) =>
      peer.fingerprint256 === fingerprint256 ? undefined : new Error('the server shows another certificate'),
  };
  const sent = request(address, options, (answer) => {
    answer
      .toArray()
      .then((chunks) => resolve({ status: answer.statusCode ?? 0, bytes: Buffer.concat(chunks) }))
      .catch(reject);
  });
  sent.on('error', reject).end(body);
  return promise;
}

import type { FastifyReply, FastifyRequest } from 'fastify';

/** The body as it came; no body is an empty one. */
export function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

/** The other end of the connection; forwarding headers are not believed. */
export function peerOf(request: FastifyRequest): string {
  return request.socket.remoteAddress ?? 'unknown';
}

/** One line of JSON with the correlation id. */
export function sendError(reply: FastifyReply, status: number, error: string): FastifyReply {
  const correlation = reply.request.id;
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.status(status).header('x-correlation-id', correlation).send({ error, correlation });
}

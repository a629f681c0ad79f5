import type { FastifyReply, FastifyRequest } from 'fastify';
import { redact } from '#core/redact.ts';
import { type Caller, callerOf } from './http-peer.ts';
import type { Listen } from './listen-rules.ts';

/** The body as it came; no body is an empty one. */
export function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

/** Who asks; forwarding headers are believed only of a trusted proxy. */
export function callerIn(request: FastifyRequest, listen: Listen): Caller {
  const forwarded = request.headers['x-forwarded-for'];
  const list = typeof forwarded === 'string' ? forwarded : forwarded?.join(',');
  return callerOf(request.socket.remoteAddress, list, listen);
}

/** One line of JSON with the correlation id, without secrets of known formats. */
export function sendError(reply: FastifyReply, status: number, error: string): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.status(status).send({ error: redact(error), correlation: reply.request.id });
}

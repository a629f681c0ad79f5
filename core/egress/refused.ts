import { FirebreakError } from '../errors.ts';

/** Why a request was not made, or its answer not taken. Closed list. */
export type EgressReason =
  | 'host_not_allowed'
  | 'address_forbidden'
  | 'scheme'
  | 'redirect'
  | 'too_large'
  | 'tls';

/** What `fetch` of an egress throws where it refuses; its message says where, why, and what to do, without the path. */
export class EgressRefused extends FirebreakError {
  readonly reason: EgressReason;
  /** False: for certain nothing of the request left. */
  readonly sent: boolean;
  constructor(reason: EgressReason, message: string, options: { sent: boolean; cause?: unknown }) {
    super('refused_by_egress', message, { cause: options.cause });
    this.name = 'EgressRefused';
    this.reason = reason;
    this.sent = options.sent;
  }
}

/** The refusal in an error, or in what caused it; SDKs wrap what their `fetch` throws. */
export function egressRefusalIn(error: unknown): EgressRefused | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    if (at instanceof EgressRefused) return at;
    at = at.cause ?? ('original' in at ? at.original : undefined);
  }
  return undefined;
}

const BAD_CERTIFICATE =
  /^(CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;
const NO_TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO$)/;

/** The error of a connection as a refusal where it is about TLS, else as it is. */
export function tlsRefusal(place: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // A certificate is looked at before anything of the request is sent; other failures of TLS can come after.
  if (BAD_CERTIFICATE.test(code))
    return new EgressRefused(
      'tls',
      `the certificate of ${place} is not good (${code}); renew it, or add its authority to NODE_EXTRA_CA_CERTS`,
      { sent: false, cause: error },
    );
  if (!NO_TLS.test(code)) return error;
  return new EgressRefused('tls', `${place} does not speak TLS 1.2 or later (${code})`, {
    sent: true,
    cause: error,
  });
}

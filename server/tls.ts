import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '#core/errors.ts';
import { secretFileProblem } from './secret-file.ts';

/** A certificate as far as people need to know it; times in ms. */
export type Certificate = {
  readonly kind: 'certificate';
  readonly subject: string;
  readonly validFrom: number;
  readonly validTo: number;
  /** SHA-256 of the certificate, as browsers show it. */
  readonly fingerprint: string;
  /** The first certificate of the file, as text. */
  readonly pem: string;
};
export type NoCertificate = { readonly kind: 'problem'; readonly why: string };

/** The first certificate of a file. Never throws. */
export function certificateOf(path: string): Certificate | NoCertificate {
  try {
    const found = new X509Certificate(readFileSync(path));
    return {
      kind: 'certificate',
      subject: found.subject.replaceAll('\n', ', '),
      validFrom: found.validFromDate.getTime(),
      validTo: found.validToDate.getTime(),
      fingerprint: found.fingerprint256,
      pem: found.toString(),
    };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { kind: 'problem', why: isMissing ? `there is no file ${path}` : `${path} holds no certificate` };
  }
}

/** What is wrong with a certificate and its key; undefined when they go together. Never throws. */
export function tlsProblem({
  cert,
  key,
}: {
  readonly cert: string;
  readonly key: string;
}): { readonly setting: 'cert' | 'key'; readonly message: string } | undefined {
  const certificate = certificateOf(cert);
  if (certificate.kind === 'problem') return { setting: 'cert', message: certificate.why };
  const problem = secretFileProblem(key);
  if (problem !== undefined) return { setting: 'key', message: problem };
  try {
    const isPair = new X509Certificate(certificate.pem).checkPrivateKey(createPrivateKey(readFileSync(key)));
    return isPair ? undefined : { setting: 'key', message: `${key} is not the key of that certificate` };
  } catch (error) {
    const why = messageOf(error).includes('passphrase') ? 'it has a passphrase' : 'it cannot be read as one';
    return { setting: 'key', message: `${key} is no private key that can be used: ${why}` };
  }
}

/** What a server needs of them; throws what the file system throws. */
export function readTls({ cert, key }: { readonly cert: string; readonly key: string }) {
  return { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' } as const;
}

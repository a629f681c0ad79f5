import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export type Certificate = {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  readonly signer: KeyObject;
};
export type CertificateOptions = {
  /** DNS names and IPv4 addresses that it is good for. */
  readonly names: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
  /** Left out = it signs itself, and may sign others. */
  readonly issuer?: Certificate;
};

const DAY = 24 * 3600 * 1000;
const SUBJECT = 'Firebreak test';
const ISSUED = 'Firebreak test server';

/** A key and a certificate, made in memory; written byte by byte, since Node reads certificates but makes none. */
export function certificate(options: CertificateOptions): Certificate {
  const { names, from = new Date(Date.now() - DAY), until = new Date(Date.now() + DAY), issuer } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const toBeSigned = sequence(
    der(0xa0, integer(2)),
    integer(1 + Math.floor(Math.random() * 0x7fffffff)),
    algorithm,
    nameOf(SUBJECT),
    sequence(time(from), time(until)),
    nameOf(issuer === undefined ? SUBJECT : ISSUED),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternativeNames(names), authority(issuer === undefined))),
  );
  const signature = sign('sha256', toBeSigned, issuer?.signer ?? privateKey);
  const whole = sequence(toBeSigned, algorithm, bits(signature));
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: pem(whole),
    signer: privateKey,
  };
}

function alternativeNames(names: readonly string[]): Buffer {
  const each = names.map((name) =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  );
  return sequence(oid('551d11'), der(0x04, sequence(...each)));
}

/** Whether it may sign others. */
function authority(is: boolean): Buffer {
  const yes = der(0x01, Buffer.from([0xff]));
  return sequence(oid('551d13'), yes, der(0x04, is ? sequence(yes) : sequence()));
}

function nameOf(text: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));
}

function time(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const bits = (bytes: Buffer): Buffer => der(0x03, Buffer.concat([Buffer.from([0]), bytes]));

/** Positive. */
function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return der(0x02, Number(bytes[0]) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function der(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

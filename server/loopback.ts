import { isIP } from 'node:net';

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

const HOST_HEADER = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Whether a Host header names this machine: any other name means that a web page was tricked into calling us. */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  return HOST_HEADER.test(header ?? '');
}

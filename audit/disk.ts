import { fdatasync, fdatasyncSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '#core/errors.ts';

/** The few calls that make bytes durable, each in a blocking and a waiting form. All throw (or reject) like node:fs. */
export type Disk = {
  write(fd: number, bytes: Buffer, at: number): void;
  sync(fd: number): void;
  writeLater(fd: number, bytes: Buffer, at: number): Promise<void>;
  syncLater(fd: number): Promise<void>;
};

const writePromise = promisify(write);

export const realDisk: Disk = {
  write: (fd, bytes, at) => {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
  },
  sync: fdatasyncSync,
  writeLater: async (fd, bytes, at) => {
    for (let done = 0; done < bytes.length; ) {
      done += (await writePromise(fd, bytes, done, bytes.length - done, at + done)).bytesWritten;
    }
  },
  syncLater: promisify(fdatasync),
};

const TROUBLE: Readonly<Record<string, string>> = {
  ENOSPC: 'disk full',
  EDQUOT: 'disk quota used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an I/O error',
};

/** The trouble in a few plain words. */
export function diskTrouble(error: unknown): string {
  return TROUBLE[codeOf(error)] ?? messageOf(error);
}

/** Whether the trouble goes away when people make room or mount the disk for writing again. */
export function mayPass(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

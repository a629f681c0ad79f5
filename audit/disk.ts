import { fdatasync, fdatasyncSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

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

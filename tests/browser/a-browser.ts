import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** Where distributions put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine, or undefined where there is none. */
export const chromiumPath = PLACES.find((path) => existsSync(path));

/** Starts it without a window. Close it. */
export async function aBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

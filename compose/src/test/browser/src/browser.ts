import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Asks nothing of anyone but the page's server. */
const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where the browser is: `MILLRACE_CHROMIUM`, or Debian's command. Throws when there is none. */
export function findBrowser(): string {
  const named = process.env['MILLRACE_CHROMIUM'];
  const places = (process.env['PATH'] ?? '').split(':').map((directory) => resolve(directory, 'chromium'));
  const found = (named === undefined ? places : [named]).find((place) => existsSync(place));
  if (found === undefined) {
    throw new Error(
      `There is no Chromium ${named === undefined ? 'in PATH' : `at ${named}`}: install it ` +
        '(Debian: apt-get install chromium), or name the path of another one in MILLRACE_CHROMIUM.',
    );
  }
  return found;
}

/** A Chromium without a window, with a new profile of its own that goes when it is closed. */
export async function launchBrowser(): Promise<Browser> {
  // Chromium's sandbox does not start as root.
  const chromiumSandbox = process.getuid?.() !== 0;
  return chromium.launch({ executablePath: findBrowser(), args: quiet, chromiumSandbox });
}

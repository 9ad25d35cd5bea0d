import type { Page } from 'playwright-core';

/** Sees what a page must not do: ask another origin, fail in a script, or break its content security policy. */
export class Witness {
  readonly complaints: string[] = [];
  private readonly expected: RegExp[] = [];

  private constructor(private readonly origin: string) {}

  /** Before the page goes anywhere. */
  static async of(page: Page, url: string): Promise<Witness> {
    const witness = new Witness(new URL(url).host);
    page.on('request', (request) => witness.onRequest(request.url()));
    page.on('websocket', (socket) => witness.onRequest(socket.url()));
    page.on('pageerror', (error) => witness.complain(`error: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        witness.complain(`console: ${message.text()}`);
      }
    });
    await page.exposeFunction('complain', (violation: string) => witness.complain(violation));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
        const { complain } = window as unknown as { complain: (violation: string) => void };
        complain(`policy: ${effectiveDirective} ${blockedURI}`);
      });
    });
    return witness;
  }

  /** Complaints like this one are what the test is about. */
  expect(complaint: RegExp): void {
    this.expected.push(complaint);
  }

  private onRequest(url: string): void {
    if (new URL(url).host !== this.origin) {
      this.complain(`request: ${url}`);
    }
  }

  private complain(complaint: string): void {
    if (!this.expected.some((pattern) => pattern.test(complaint))) {
      this.complaints.push(complaint);
    }
  }
}

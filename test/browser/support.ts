import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { artifact } from '../support/artifacts.ts';
import { ensureChromium } from '../support/chromium.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** A page on two busy cores takes its time. */
const PAGE_TIMEOUT_MS = 30_000;

export interface Look {
  readonly width: 1440 | 390;
  readonly theme: 'light' | 'dark';
}

export const LOOKS: readonly Look[] = [
  { width: 1440, theme: 'light' },
  { width: 1440, theme: 'dark' },
  { width: 390, theme: 'light' },
  { width: 390, theme: 'dark' },
];

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: ensureChromium(), args: FLAGS });
}

/** A window, and everything that went wrong in it. */
export class Window {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #problems: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.#problems.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#problems.push(`console: ${message.text()}`);
    });
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      // Leaving a page ends what it was still waiting for.
      if (why !== 'net::ERR_ABORTED') this.#problems.push(`request: ${request.url()} ${why}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) {
        this.#problems.push(`answer: ${response.status()} ${response.url()}`);
      }
    });
  }

  /** `signedIn`: a window whose cookies this one shares. */
  static async open(browser: Browser, look: Look, signedIn?: Window): Promise<Window> {
    const context = await browser.newContext({
      viewport: { width: look.width, height: look.width === 390 ? 844 : 900 },
      colorScheme: look.theme,
      reducedMotion: 'reduce',
      ...(look.width === 390 ? { hasTouch: true, isMobile: true } : {}),
      ...(signedIn === undefined ? {} : { storageState: await signedIn.context.storageState() }),
    });
    context.setDefaultTimeout(PAGE_TIMEOUT_MS);
    return new Window(context, await context.newPage());
  }

  /** What went wrong since it was last asked. */
  problems(): string[] {
    return this.#problems.splice(0);
  }

  /** How far the page is wider than the window, in pixels, and what sticks out. */
  overflow(): Promise<{ px: number; by: string[] }> {
    return this.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const px = scrollWidth - clientWidth;
      if (px <= 0) return { px: 0, by: [] };
      const wide = [...document.querySelectorAll<HTMLElement>('body *')].filter(
        (element) => element.getBoundingClientRect().right > clientWidth + 1,
      );
      const by = wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 160));
      return { px, by };
    });
  }

  /** The whole page as a picture under test/.artifacts. */
  async picture(...name: string[]): Promise<void> {
    const path = artifact(...name.slice(0, -1), `${name.at(-1)}.png`);
    await this.page.screenshot({ path, fullPage: true, animations: 'disabled' });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

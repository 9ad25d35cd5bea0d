import type { ReactiveControllerHost } from 'lit';

/** A reader this near to the end, in CSS pixels, is at the end. */
const NEAR = 48;

/** Keeps the end of a growing content in view, for as long as the reader has not scrolled away from it. */
export class ScrollFollower {
  following = false;

  private scroller: HTMLElement | null = null;
  private top = 0;
  private readonly resizes = new ResizeObserver(() => this.toEnd());

  constructor(private readonly host: ReactiveControllerHost) {}

  watch(scroller: HTMLElement, content: HTMLElement): void {
    this.scroller = scroller;
    scroller.addEventListener('scroll', () => this.onScroll(scroller), { passive: true });
    this.resizes.observe(scroller);
    this.resizes.observe(content);
  }

  follow(): void {
    this.set(true);
    this.toEnd();
  }

  release(): void {
    this.set(false);
  }

  stop(): void {
    this.resizes.disconnect();
  }

  /** Only a reader scrolls upwards; a text that grows below leaves the position as it is. */
  private onScroll({ scrollHeight, scrollTop, clientHeight }: HTMLElement): void {
    const atEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
    this.set(atEnd || (this.following && scrollTop >= this.top));
    this.top = scrollTop;
  }

  private toEnd(): void {
    if (this.following && this.scroller !== null) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
    }
  }

  private set(following: boolean): void {
    if (following !== this.following) {
      this.following = following;
      this.host.requestUpdate();
    }
  }
}

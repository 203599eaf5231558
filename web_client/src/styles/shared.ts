/** Styles that every component shares. */
import { css } from "lit";

export const shared = css`
  :host {
    box-sizing: border-box;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  .icon {
    display: inline-flex;
    flex: none;
  }
  .icon svg {
    width: 1.25em;
    height: 1.25em;
  }
  .short {
    display: none;
  }
  .spoken-only {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  /* A name of two languages breaks between them rather than within a Chinese word. */
  .site-name {
    word-break: keep-all;
    overflow-wrap: anywhere;
  }
  .stack {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    line-height: 1.2;
  }
  wa-button::part(button) {
    min-height: 2.75rem;
    min-width: 2.75rem;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;

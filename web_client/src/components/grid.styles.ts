import { css } from "lit";

export const gridStyles = css`
  :host {
    position: relative;
    display: block;
    min-width: 0;
    min-height: 0;
    overflow: hidden;
  }
  :host([still]) {
    --pin: 0;
  }
  tp-tile {
    position: absolute;
    left: 0;
    top: 0;
  }
  tp-tile.corner {
    z-index: 1;
    box-shadow: 0 0 0 2px var(--ground);
  }
  /* What lies over the pictures goes with the bar. */
  .chrome {
    transition: opacity 200ms;
  }
  :host([still]) .chrome:not(:focus-within, :focus-visible) {
    opacity: 0;
  }
  .ways {
    position: absolute;
    z-index: 3;
    top: 0.5rem;
    right: 0.5rem;
    display: flex;
    gap: 0.5rem;
  }
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    min-width: 2.75rem;
    min-height: 2.75rem;
    padding: 0 0.875rem;
    border: 1px solid #6a6a6a;
    border-radius: 1.375rem;
    background: rgb(17 17 17 / 88%);
    color: var(--text);
    font: inherit;
    font-size: 0.9375rem;
    cursor: pointer;
  }
  button:hover {
    background: var(--pressed);
  }
  button:focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: 1px;
    opacity: 1;
  }
  button[disabled] {
    opacity: 0.4;
    cursor: default;
  }
  .pages {
    position: absolute;
    z-index: 3;
    right: 0.5rem;
    bottom: 0.5rem;
    display: flex;
    align-items: center;
    gap: 0.25rem;
    padding: 0.125rem;
    border-radius: 1.5rem;
    background: var(--scrim);
    font-variant-numeric: tabular-nums;
  }
  .pages button {
    padding: 0;
  }
  .alone {
    position: absolute;
    z-index: 3;
    bottom: 4.5rem;
    left: 50%;
    transform: translateX(-50%);
    width: max-content;
    max-width: calc(100% - 2rem);
    margin: 0;
    padding: 0.5rem 1rem;
    border-radius: var(--radius);
    background: var(--scrim);
    text-align: center;
  }
  @media (max-width: 30rem) {
    .ways button {
      padding: 0;
    }
    .ways button > span:last-child {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }
  /* A phone that lies: the bar lies over the lowest part. */
  @media (max-height: 30rem) {
    :host(:not([still])) .pages {
      bottom: calc(46px + 0.5rem);
    }
  }
`;

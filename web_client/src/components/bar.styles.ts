import { css } from "lit";

export const barStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto minmax(0, 1fr);
    align-items: center;
    gap: 1rem;
    padding: 0 1rem;
    background: var(--ground);
  }
  .where {
    display: flex;
    flex-direction: column;
    line-height: 1.3;
    min-width: 0;
  }
  h1 {
    margin: 0;
    font: inherit;
  }
  .title,
  .quiet {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
    font-variant-numeric: tabular-nums;
  }
  .rec {
    display: inline-flex;
    align-items: center;
    gap: 0.25rem;
    margin-right: 0.5rem;
    color: var(--bad);
    font-weight: 600;
    vertical-align: bottom;
  }
  .toggles,
  .end {
    display: flex;
    gap: 0.375rem;
    align-items: center;
  }
  .end {
    justify-content: flex-end;
  }
  /* A sign above its word: eight buttons have their place beside the title. */
  .stack {
    flex-direction: column;
    gap: 0.125rem;
    line-height: 1.15;
    font-size: 0.75rem;
    position: relative;
  }
  .toggle::part(button),
  #leave::part(button) {
    height: auto;
    min-height: 3rem;
    padding: 0.25rem 0.5rem;
  }
  .icon {
    font-size: 1.125rem;
  }
  .badge {
    position: absolute;
    top: -0.25rem;
    left: calc(50% + 0.375rem);
    min-width: 1.125rem;
    padding: 0 0.25rem;
    border-radius: 0.75rem;
    background: var(--warn);
    color: #111;
    font-size: 0.75rem;
    font-weight: 600;
    line-height: 1.125rem;
    text-align: center;
  }
  @media (max-width: 75rem) {
    :host {
      grid-template-columns: minmax(0, 1fr) auto auto;
      gap: 0.5rem;
    }
  }
  /* An upright tablet or a phone: where one is has a line of its own. */
  @media (max-width: 62rem) and (min-height: 30.01rem) {
    :host {
      grid-template-columns: minmax(0, 1fr) auto;
      justify-content: space-between;
      gap: 0 0.25rem;
      padding: 0 0.375rem;
    }
    .where {
      grid-column: 1 / -1;
      flex-direction: row;
      justify-content: space-between;
      gap: 0.75rem;
      padding: 0 0.25rem;
    }
    .quiet {
      flex: none;
    }
  }
  @media (max-width: 48rem) {
    .where {
      font-size: 0.75rem;
    }
    .quiet {
      font-size: 0.75rem;
    }
    .wide,
    .who {
      display: none;
    }
    .toggles {
      gap: 0.25rem;
      justify-content: space-between;
    }
    .toggle {
      flex: 1 1 0;
      min-width: 2.75rem;
      max-width: 5.5rem;
    }
    .toggle::part(button) {
      width: 100%;
    }
    .stack {
      font-size: 0.6875rem;
    }
    .stack > span:not(.icon, .badge, .long) {
      white-space: normal;
      max-width: 4rem;
    }
    .toggle::part(button),
    #leave::part(button) {
      padding: 0.125rem;
    }
  }
  /* A small phone: short words; a screen reader has the long ones. */
  @media (max-width: 26rem) {
    .stack {
      font-size: 0.625rem;
    }
    .long {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    .short {
      display: inline;
    }
    .rec .icon {
      font-size: 0.875rem;
    }
  }
  /* A phone that lies: over the picture, without the title. */
  @media (max-height: 30rem) {
    .where {
      display: none;
    }
    :host {
      grid-template-columns: minmax(0, 1fr) auto;
    }
  }
`;

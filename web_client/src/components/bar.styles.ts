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
  .toggles,
  .end {
    display: flex;
    gap: 0.5rem;
    align-items: center;
  }
  .end {
    justify-content: flex-end;
  }
  @media (max-width: 60rem) {
    :host {
      grid-template-columns: minmax(0, 1fr) auto auto;
      gap: 0.5rem;
    }
  }
  /* An upright tablet: the title has a line of its own. */
  @media (max-width: 60rem) and (min-height: 40rem) {
    :host {
      grid-template-columns: auto auto;
      justify-content: space-between;
    }
    .where {
      grid-column: 1 / -1;
      flex-direction: row;
      justify-content: space-between;
      gap: 0.75rem;
    }
  }
  @media (max-width: 48rem) {
    :host {
      grid-template-columns: auto auto;
      justify-content: space-between;
      gap: 0 0.25rem;
      padding: 0 0.375rem;
    }
    .where {
      grid-column: 1 / -1;
      flex-direction: row;
      justify-content: space-between;
      gap: 0.75rem;
      font-size: 0.75rem;
      padding: 0 0.25rem;
    }
    .quiet {
      font-size: 0.75rem;
      flex: none;
    }
    .toggles,
    .end {
      gap: 0.25rem;
    }
    .stack {
      flex-direction: column;
      gap: 0;
      line-height: 1.2;
      font-size: 0.6875rem;
    }
    .stack .icon {
      font-size: 1rem;
    }
    wa-button::part(button) {
      padding: 0 0.375rem;
    }
  }
`;

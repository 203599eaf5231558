import { css } from "lit";

/** What the panels' contents share. */
export const panelStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    flex: 1;
    min-height: 0;
    gap: 0.75rem;
  }
  ol,
  ul {
    display: grid;
    gap: 0.625rem;
    align-content: start;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  h3 {
    margin: 0;
    font-size: 0.875rem;
    color: var(--quiet);
  }
  p {
    margin: 0;
  }
  .scroll {
    flex: 1;
    min-height: 0;
    overflow: hidden auto;
    overscroll-behavior: contain;
  }
  .scroll:focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: -3px;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.5rem;
    align-items: baseline;
    font-size: 0.875rem;
  }
  .quiet,
  .head time {
    color: var(--quiet);
    font-size: 0.875rem;
    font-variant-numeric: tabular-nums;
  }
  .text {
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }
  .card {
    display: grid;
    gap: 0.375rem;
    padding: 0.625rem 0.75rem;
    border: 1px solid #3a3a3a;
    border-radius: var(--radius);
    background: #222;
  }
  .card.now {
    border-color: var(--good);
  }
  .state {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .card.now .state {
    color: var(--good);
  }
  .answer {
    padding-left: 0.625rem;
    border-left: 3px solid var(--good);
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.375rem;
  }
  .actions wa-button::part(button) {
    padding-inline: 0.75rem;
  }
  form {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0.5rem;
    align-items: end;
  }
  textarea {
    min-height: 2.75rem;
    max-height: 30dvh;
    padding: 0.5rem 0.625rem;
    border: 1px solid #8a8a8a;
    border-radius: var(--radius);
    background: #111;
    color: var(--text);
    color-scheme: dark;
    font: inherit;
    line-height: 1.4;
    resize: none;
    field-sizing: content;
  }
  textarea:focus-visible {
    outline: 3px solid var(--focus);
    outline-offset: 1px;
  }
`;

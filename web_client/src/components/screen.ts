/** The frame of the screens without pictures of others: one thing said, and what to do. */
import { css, html, type TemplateResult } from "lit";
import "./language.ts";

export const screen = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 100%;
    padding: 1rem;
  }
  header {
    display: flex;
    justify-content: flex-end;
  }
  main {
    flex: 1;
    display: flex;
    flex-direction: column;
    justify-content: center;
    gap: 1rem;
    width: min(36rem, 100%);
    margin: 0 auto;
    padding-bottom: 4rem;
  }
  h1 {
    margin: 0;
    font-size: clamp(1.5rem, 5vw, 2rem);
    line-height: 1.3;
  }
  [role="alert"],
  [role="status"] {
    display: grid;
    gap: 1rem;
  }
  p {
    margin: 0;
    font-size: 1.125rem;
  }
  .quiet {
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-top: 0.5rem;
  }
`;

export const frame = (content: TemplateResult): TemplateResult => html`
  <header><tp-language></tp-language></header>
  <main>${content}</main>
`;

import { css } from "lit";

export const doorStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    min-height: 100%;
    padding: 0.5rem 1rem 1rem;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 1rem;
    min-height: 3rem;
  }
  .room {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .quiet,
  .room {
    color: var(--quiet);
  }
  main {
    flex: 1;
    display: grid;
    grid-template-columns: minmax(0, 1.6fr) minmax(20rem, 1fr);
    gap: 2rem;
    align-items: start;
    width: min(72rem, 100%);
    margin: 0 auto;
  }
  .picture {
    aspect-ratio: 16 / 9;
    max-height: calc(100dvh - 5rem);
    border-radius: var(--radius);
    overflow: hidden;
    background: #000;
    display: grid;
  }
  .seen {
    display: grid;
    gap: 0.75rem;
    min-width: 0;
    position: sticky;
    top: 0.5rem;
  }
  .picture tp-source-picture {
    width: 100%;
    height: 100%;
    min-height: 0;
  }
  .nothing {
    margin: auto;
    padding: 1rem;
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 0.5rem;
    color: var(--quiet);
    text-align: center;
  }
  .nothing .icon {
    font-size: 2rem;
  }
  .choices {
    display: flex;
    flex-direction: column;
    gap: 1rem;
    min-width: 0;
  }
  h1 {
    margin: 0;
    font-size: 1.5rem;
    line-height: 1.3;
  }
  h1 .quiet {
    display: block;
    font-size: 0.875rem;
    font-weight: 400;
  }
  .toggles {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 0.5rem;
  }
  .toggle {
    width: 100%;
  }
  /* The longest word has its place on a phone too. */
  .toggle::part(button) {
    padding-inline: 0.5rem;
  }
  .refused {
    grid-column: 1 / -1;
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0.75rem;
    align-items: start;
    padding: 0.75rem;
    border: 1px solid var(--bad);
    border-radius: var(--radius);
  }
  .refused > .icon {
    color: var(--bad);
    font-size: 1.25rem;
  }
  .heads input {
    max-width: 10rem;
  }
  /* Never below the fold. */
  .join {
    width: 100%;
    position: sticky;
    bottom: 0.75rem;
    z-index: 1;
  }
  .join::part(button) {
    min-height: 3.25rem;
    font-size: 1.125rem;
    font-weight: 600;
    white-space: normal;
  }
  @media (max-width: 52rem) {
    main {
      grid-template-columns: minmax(0, 1fr);
      gap: 1rem;
      align-content: start;
      align-items: start;
    }
    .choices {
      gap: 0.75rem;
    }
    .seen {
      position: static;
      gap: 0.5rem;
    }
  }
`;

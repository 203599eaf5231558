import { css } from "lit";

export const tileStyles = css`
  :host {
    position: relative;
    display: block;
    container-type: size;
    overflow: hidden;
    border-radius: var(--radius);
    background: #000;
    outline: 2px solid transparent;
    outline-offset: -2px;
  }
  /* Over the picture, so that the frame is seen on any of them. */
  :host::after {
    content: "";
    position: absolute;
    inset: 0;
    border-radius: inherit;
    pointer-events: none;
    box-shadow: inset 0 0 0 0 var(--good);
    transition: box-shadow 120ms;
  }
  :host([speaking])::after {
    box-shadow: inset 0 0 0 0.25rem var(--good);
  }
  :host(:focus-visible)::after {
    box-shadow: inset 0 0 0 3px var(--focus);
  }
  video {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    transition: filter 300ms;
  }
  :host([own]) video {
    transform: scaleX(-1);
  }
  video.dimmed {
    filter: brightness(0.4);
  }
  .face {
    position: absolute;
    inset: 0;
    background: #222;
  }
  .initials {
    position: absolute;
    left: 50%;
    top: 40%;
    transform: translate(-50%, -50%);
    display: grid;
    place-items: center;
    width: min(38cqh, 30cqw);
    aspect-ratio: 1;
    border-radius: 50%;
    background: #3a3a3a;
    font-size: min(15cqh, 12cqw);
    font-weight: 600;
  }
  .over {
    position: absolute;
    left: 50%;
    top: 50%;
    transform: translate(-50%, -50%);
    display: flex;
    align-items: center;
    gap: 0.5em;
    max-width: 94%;
    padding: 0.3em 0.7em;
    border-radius: 2em;
    background: var(--scrim);
    font-size: clamp(0.8125rem, 3.4cqw, 1.5rem);
    line-height: 1.3;
  }
  .face ~ .over {
    top: 69%;
    background: none;
    color: #d8d8d8;
    width: max-content;
    padding: 0;
  }
  .over.frozen,
  .over.away {
    color: var(--warn);
  }
  /* The picture goes on: the words keep off the face. */
  .over.away {
    left: 0.5em;
    top: 0.5em;
    transform: none;
  }
  .scrim {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    align-items: flex-end;
    gap: 0.15em 0.6em;
    padding: 1.6em 0.7em 0.5em;
    background: linear-gradient(transparent, rgb(0 0 0 / 60%) 45%, rgb(0 0 0 / 85%));
    font-size: clamp(0.8125rem, 2.7cqw, 1.375rem);
    line-height: 1.3;
    text-shadow: 0 0 3px #000;
  }
  .name {
    flex: 0 1 auto;
    min-width: 35%;
    font-weight: 600;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }
  .label {
    color: #dcdcdc;
    flex: 0 1 auto;
    min-width: 3em;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .badge {
    flex: none;
    display: inline-flex;
    align-items: center;
    gap: 0.3em;
    padding: 0.05em 0.5em;
    border-radius: 1em;
    text-shadow: none;
  }
  .badges {
    flex: none;
    display: flex;
    gap: 0.3em;
    margin-left: auto;
  }
  .badge.bad {
    background: var(--bad-fill);
    color: #fff;
  }
  .badge.good {
    background: var(--good);
    color: #062b16;
  }
  .numbers {
    position: absolute;
    top: 0.5em;
    right: 0.5em;
    padding: 0.1em 0.5em;
    border-radius: 0.4em;
    background: var(--scrim);
    font-size: clamp(0.75rem, 2.2cqw, 1.125rem);
    font-variant-numeric: tabular-nums;
    opacity: 0;
    transition: opacity 120ms;
  }
  .numbers.always,
  :host(:hover) .numbers,
  :host(:focus) .numbers {
    opacity: 1;
  }
  @container (max-width: 16rem) {
    .words {
      display: none;
    }
    .badge {
      padding: 0.2em;
    }
    .over,
    .face ~ .over {
      left: 0.4rem;
      top: 0.4rem;
      transform: none;
      padding: 0.2em 0.5em;
      font-size: 0.75rem;
    }
    .over ~ .numbers {
      display: none;
    }
    .scrim {
      flex-wrap: wrap;
      padding: 1em 0.5em 0.4em;
    }
    .name {
      flex: 1 1 60%;
      font-size: 0.75rem;
      -webkit-line-clamp: 3;
    }
  }
`;

import { css } from "lit";

export const tileStyles = css`
  :host {
    position: relative;
    display: flex;
    flex-direction: column;
    container-type: size;
    overflow: hidden;
    border-radius: var(--radius);
    background: #000;
    outline: 2px solid transparent;
    outline-offset: -2px;
    cursor: pointer;
  }
  :host([off]) {
    visibility: hidden;
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
  :host([below-floor])::after {
    box-shadow: inset 0 0 0 0.25rem var(--warn);
  }
  :host([below-floor][speaking])::after {
    box-shadow:
      inset 0 0 0 0.25rem var(--warn),
      inset 0 0 0 0.45rem var(--good);
  }
  :host(:focus-visible)::after {
    box-shadow:
      inset 0 0 0 3px var(--focus),
      inset 0 0 0 5px #000;
  }
  .picture {
    position: relative;
    flex: 1;
    min-height: 0;
  }
  video {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: contain;
    transition: filter 300ms;
  }
  :host([mirrored]) video {
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
  .level {
    position: absolute;
    left: 50%;
    top: calc(40% + min(22cqh, 18cqw));
    transform: translateX(-50%);
    display: flex;
    gap: 3px;
  }
  .level i {
    width: 4px;
    height: min(4cqh, 0.75rem);
    border-radius: 2px;
    background: #4a4a4a;
  }
  .level i.lit {
    background: var(--good);
  }
  .over {
    position: absolute;
    left: 50%;
    top: 50%;
    transform: translate(-50%, -50%);
    display: flex;
    align-items: center;
    gap: 0.5em;
    width: max-content;
    max-width: 94%;
    padding: 0.3em 0.7em;
    border-radius: 1.2em;
    background: var(--scrim);
    font-size: clamp(0.8125rem, 3.4cqw, 1.5rem);
    line-height: 1.3;
  }
  .reason {
    display: block;
    max-width: 24em;
    font-size: 0.8em;
    color: #dcdcdc;
  }
  .face ~ .over {
    top: 74%;
    background: none;
    color: #d8d8d8;
    padding: 0;
  }
  .over:is(.frozen, .away, .paused, .fallen) {
    color: var(--warn);
  }
  /* The picture goes on: the words keep off the face. */
  .over:is(.away, .fallen) {
    left: 0.5em;
    top: 0.5em;
    transform: none;
  }
  .over.fallen {
    font-size: clamp(0.75rem, 2vw, 1rem);
  }
  .scrim {
    position: absolute;
    inset: auto 0 0;
    display: flex;
    align-items: flex-end;
    gap: 0.15em 0.6em;
    padding: 1.6em 0.7em 0.5em;
    background: linear-gradient(transparent, rgb(0 0 0 / 60%) 45%, rgb(0 0 0 / 85%));
    font-size: clamp(0.8125rem, 2.7cqw, 1.125rem);
    line-height: 1.3;
    text-shadow: 0 0 3px #000;
  }
  /* Nothing lies over a picture that is read or measured. */
  :host([captioned]) .scrim {
    position: static;
    align-items: center;
    min-height: 2em;
    padding: 0.25em 0.7em;
    background: #161616;
    text-shadow: none;
  }
  .name {
    flex: 0 1 auto;
    font-weight: 600;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }
  /* The whole name, however long. */
  :host(:focus-visible) .name {
    -webkit-line-clamp: none;
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
    align-items: center;
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
  .badge.recorded {
    padding: 0.05em;
    color: var(--bad);
  }
  .badge.recorded .words {
    display: none;
  }
  .numbers {
    padding: 0.1em 0.5em;
    border-radius: 0.4em;
    background: var(--scrim);
    font-size: clamp(0.75rem, 2.2cqw, 1rem);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
    display: none;
  }
  .numbers.always,
  :host(:is(:hover, :focus)) .numbers {
    display: inline;
  }
  .pin {
    position: absolute;
    right: 0.5rem;
    bottom: calc(1.3em + 1.75rem);
    display: flex;
    align-items: center;
    gap: 0.4em;
    padding: 0.2em 0.7em;
    border-radius: 1.2em;
    background: var(--scrim);
    font-size: clamp(0.75rem, 2cqw, 1rem);
    opacity: 0;
    transition: opacity 120ms;
    pointer-events: none;
  }
  :host([captioned]) .pin {
    bottom: 0.5rem;
  }
  :host(:focus-visible) .pin {
    opacity: 1;
  }
  /* While nobody moves, a mouse that rests somewhere says nothing: tp-grid sets --pin. */
  @media (hover: hover) {
    :host(:hover) .pin {
      opacity: var(--pin, 1);
    }
  }
  @container (max-width: 22rem) {
    .name {
      min-width: 35%;
    }
    .reason,
    .pin {
      display: none;
    }
    .numbers:not(.always) {
      display: none !important;
    }
  }
  @container (max-height: 9rem) {
    .level {
      display: none;
    }
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
    /* Below the words, above the name. */
    .initials {
      top: 54%;
      width: min(30cqh, 26cqw);
      font-size: min(12cqh, 10cqw);
    }
    .scrim {
      flex-wrap: wrap;
      padding: 1em 0.5em 0.4em;
    }
    .name {
      flex: 1 1 60%;
      font-size: 0.75rem;
      -webkit-line-clamp: 2;
    }
  }
`;

/**
 * A client that is not the product's page: it speaks the signaling protocol by itself, shows its slots, and notes what it
 * was told and what it saw, both on the page's clock. `bare.py` drives it; `timeline.py` compares the two.
 */
(function (root) {
  "use strict";

  const PATIENCE_MS = 10_000;
  const DARKEST_WHITE = 60; // no cell of a time code is all dark: a strip without anything brighter is a black frame

  /** Asks the server, and hands on what it says unasked. */
  class Signaling {
    #socket;
    #request = 0;
    #waiting = new Map();

    constructor(onMessage) {
      this.onMessage = onMessage;
    }

    async open() {
      this.#socket = new WebSocket(`ws://${location.host}/ws`);
      this.#socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
      await new Promise((resolve, reject) => Object.assign(this.#socket, { onopen: resolve, onerror: reject }));
    }

    /** Sends a message and returns its answer. Rejects with the server's words. */
    ask(type, fields) {
      const request = (this.#request += 1);
      const answer = new Promise((resolve, reject) => {
        this.#waiting.set(request, { resolve, reject });
        setTimeout(() => reject(new Error(`no answer to ${type}`)), PATIENCE_MS);
      });
      this.#socket.send(JSON.stringify({ type, request, ...fields }));
      return answer;
    }

    #take(message) {
      const waiting = this.#waiting.get(message.re);
      this.#waiting.delete(message.re);
      if (message.type === "error" && waiting) waiting.reject(new Error(`${message.code}: ${message.message}`));
      else if (waiting) waiting.resolve(message);
      this.onMessage(message);
    }
  }

  /** What a slot's picture showed: a run for each stretch of frames of one number and one size. */
  class Seen {
    runs = [];
    unreadable = 0;
    black = 0;
    #canvas = new OffscreenCanvas(1, 1);

    /** Reads every frame that is decoded, for ever. */
    async watch(track) {
      const frames = new MediaStreamTrackProcessor({ track: track.clone() }).readable.getReader();
      for (;;) {
        const { done, value: frame } = await frames.read();
        if (done) return;
        this.#note(frame);
        frame.close();
      }
    }

    #note(frame) {
      const [width, height] = [frame.displayWidth, frame.displayHeight];
      const strip = this.#strip(frame, width, root.stripRows(height));
      const code = root.readTimecode(strip, height);
      if (!code) {
        this.unreadable += 1;
        this.black += strip.data.every((value, at) => at % 4 === 3 || value < DARKEST_WHITE);
        return;
      }
      const now = performance.now();
      const run = this.runs.at(-1);
      if (run?.number === code.source && run.width === width) Object.assign(run, { to: now, frames: run.frames + 1 });
      else this.runs.push({ number: code.source, width, height, from: now, to: now, frames: 1 });
    }

    #strip(frame, width, rows) {
      if (this.#canvas.width !== width || this.#canvas.height !== rows) [this.#canvas.width, this.#canvas.height] = [width, rows];
      const context = this.#canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(frame, 0, 0, width, rows, 0, 0, width, rows);
      return context.getImageData(0, 0, width, rows);
    }
  }

  class Bare {
    participant = null;
    members = new Map();
    told = []; // {at, index, participant, source}: each line of each `slots` message
    said = []; // other messages by type, for a failed test
    slots = new Map(); // index → {video, seen}
    #signaling = new Signaling((message) => this.#take(message));
    #up = null;
    #down = null;

    async join(token, slots) {
      await this.#signaling.open();
      const joined = await this.#signaling.ask("join", { versions: [1], token, slots });
      this.participant = joined.participant;
      return joined.participant;
    }

    /** Publishes the camera, in as many layers as there are encodings, and the microphone with it if wanted. */
    async publish({ codec, encodings, width, height, sound }) {
      const wish = { video: { width, height }, audio: sound && { echoCancellation: false, noiseSuppression: false } };
      const media = await navigator.mediaDevices.getUserMedia(wish);
      const up = (this.#up = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
      for (const track of media.getTracks()) {
        const isVideo = track.kind === "video";
        const extra = isVideo ? { sendEncodings: encodings } : {};
        const transceiver = up.addTransceiver(track, { direction: "sendonly", streams: [media], ...extra });
        if (isVideo) transceiver.setCodecPreferences(preferred(codec));
      }
      await up.setLocalDescription();
      const tracks = up.getTransceivers().map(({ mid, sender }) => ({ mid, kind: sender.track.kind, source: "camera" }));
      const { sdp } = await this.#signaling.ask("publish", { sdp: up.localDescription.sdp, tracks });
      await up.setRemoteDescription({ type: "answer", sdp });
    }

    /** Says what is shown: tiles of `{participant, source, width, height, pinned}`. Returns when that was. */
    async view(tiles) {
      const at = performance.now();
      await this.#signaling.ask("view", { tiles });
      return at;
    }

    /** Statistics of one type and direction: `{mid: …}` or, with layers, `{rid: …}`. */
    async stats(direction, key) {
      const connection = direction === "inbound-rtp" ? this.#down : this.#up;
      const found = {};
      for (const entry of (await connection?.getStats())?.values() ?? []) {
        if (entry.type === direction && entry[key] !== undefined) found[entry[key]] = entry;
      }
      return found;
    }

    /** The MIME type of what is received on an m-line. */
    async codec(mid) {
      const all = await this.#down.getStats();
      const inbound = [...all.values()].find((entry) => entry.type === "inbound-rtp" && entry.mid === mid);
      return all.get(inbound?.codecId)?.mimeType ?? "";
    }

    /** All that was told and seen so far. */
    report() {
      const seen = [...this.slots].map(([index, { seen: { runs, unreadable, black } }]) => ({ index, runs, unreadable, black }));
      return { now: performance.now(), told: this.told, seen };
    }

    #take(message) {
      const actions = {
        joined: () => message.members.forEach((member) => this.members.set(member.participant, member)),
        member: () => this.members.set(message.member.participant, message.member),
        "member-left": () => this.members.delete(message.participant),
        slots: () => this.told.push(...message.slots.map((slot) => ({ at: performance.now(), ...slot }))),
        offer: () => this.#answer(message),
      };
      if (actions[message.type]) actions[message.type]();
      else this.said.push(message);
    }

    async #answer({ generation, sdp }) {
      const down = (this.#down = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
      down.ontrack = ({ track, streams: [stream], transceiver }) => this.#show(track, stream, transceiver.mid);
      await down.setRemoteDescription({ type: "offer", sdp });
      await down.setLocalDescription();
      await this.#signaling.ask("answer", { generation, sdp: down.localDescription.sdp });
    }

    #show(track, stream, mid) {
      if (track.kind !== "video") return;
      const video = Object.assign(document.createElement("video"), { autoplay: true, srcObject: stream, width: 320, height: 180 });
      document.body.append(video);
      const seen = new Seen();
      void seen.watch(track);
      this.slots.set(Number(mid.slice(1)), { video, seen, stream });
    }
  }

  /** The codec alone, with its retransmissions. */
  function preferred(codec) {
    const named = (name) => (entry) => entry.mimeType.toLowerCase() === name;
    const all = RTCRtpSender.getCapabilities("video").codecs;
    const plain = (entry) => codec !== "h264" || /packetization-mode=1.*profile-level-id=42e01f/.test(entry.sdpFmtpLine);
    return [...all.filter(named(`video/${codec}`)).filter(plain), ...all.filter(named("video/rtx"))];
  }

  document.body.replaceChildren();
  document.body.style = "margin: 0; display: grid; grid-template-columns: repeat(2, 320px)";
  root.bare = new Bare();
})(window);
